variable "token" {
  sensitive = true
}
variable "none" {
  sensitive = true
}
variable "both" {
  sensitive = true
}
variable "client_secret" {
  sensitive = true
}
variable "plain" {}
variable "gallery_resource_group" {}
variable "gallery_name" {}
variable "image_name" {}
variable "image_version" {}
variable "exclude_from_latest" {}
variable "base_publisher" {}
variable "base_offer" {}
variable "base_sku" {}
variable "base_version" {}

source "azure-arm" "rocky" {
  shared_gallery_image_version_exclude_from_latest = var.exclude_from_latest

  shared_image_gallery_destination {
    resource_group = var.gallery_resource_group
    gallery_name   = var.gallery_name
    image_name     = var.image_name
    image_version  = var.image_version
  }
}

build {
  sources = ["source.azure-arm.rocky"]
}
