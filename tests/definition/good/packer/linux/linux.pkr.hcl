source "azure-arm" "linux" {
  os_type = "Linux"
  vm_size = var.vm_size
}

build {
  sources = ["source.azure-arm.linux"]
}
