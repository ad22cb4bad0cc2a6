source "azure-arm" "debian" {
  shared_image_gallery_destination {
    resource_group = "shop"
    gallery_name   = "shop"
    image_name     = "web"
    image_version  = "1.0.0"
  }
}

source "azure-arm" "rocky" {
  shared_image_gallery_destination {}
}

source "azure-arm" "bare" {
}

build {
  name    = "all"
  sources = ["source.azure-arm.debian", source.azure-arm.gone]

  source "source.azure-arm.rocky" {
    name = "rocky9"
  }
}
