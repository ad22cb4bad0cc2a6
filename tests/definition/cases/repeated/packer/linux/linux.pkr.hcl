source "azure-arm" "linux" {
  os_type = "Linux"
  os_type = "Windows"

  shared_gallery_image_version_exclude_from_latest = var.exclude_from_latest

  shared_image_gallery_destination {
    resource_group = var.gallery_resource_group
    gallery_name   = var.gallery_name
    image_name     = var.image_name
    image_version  = var.image_version
  }
}

variable "flavour" {
}

build {
  sources = ["source.azure-arm.linux"]

  provisioner "shell" {
    inline = ["true"]
    inline = ["false"]
  }
}
