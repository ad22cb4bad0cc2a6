source "azure-arm" "linux" {
  managed_image_name = "web"
}

build {
  sources = ["source.azure-arm.linux"]
}
