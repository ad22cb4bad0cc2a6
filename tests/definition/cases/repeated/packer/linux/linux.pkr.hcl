source "azure-arm" "linux" {
  os_type = "Linux"
  os_type = "Windows"
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
