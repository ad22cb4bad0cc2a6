source "azure-arm" "linux" {
  os_type = "Linux"
