variable "system" {
  default = "Windows"
}
variable "other" {
  default = "BSD"
}
variable "flavour" {
  default = ""
}
variable "base_offer" {}
variable "base_publisher" {}
variable "base_sku" {}
variable "base_version" {}
variable "exclude_from_latest" {}
variable "gallery_name" {}
variable "gallery_resource_group" {}
variable "image_name" {}
variable "image_version" {}

source "azure-arm" "named" {
  os_type = var.system

  shared_gallery_image_version_exclude_from_latest = var.exclude_from_latest

  shared_image_gallery_destination {
    resource_group = var.gallery_resource_group
    gallery_name   = var.gallery_name
    image_name     = var.image_name
    image_version  = var.image_version
  }
}

source "azure-arm" "strange" {
  os_type = var.other

  shared_gallery_image_version_exclude_from_latest = var.exclude_from_latest

  shared_image_gallery_destination {
    resource_group = var.gallery_resource_group
    gallery_name   = var.gallery_name
    image_name     = var.image_name
    image_version  = var.image_version
  }
}

build {
  sources = ["source.azure-arm.named", "source.azure-arm.strange"]
}
