variable "early" {
  default = true
}

source "azure-arm" "linux" {
  shared_gallery_image_version_exclude_from_latest = var.early

  shared_image_gallery_destination {
    gallery_name  = var.early
    image_name    = "worker"
    image_version = "1.0.0"
  }
}

build {
  sources = ["source.azure-arm.linux"]
}
