image "strange" {
  template "windows" {
    only = ["azure-arm.strange"]
  }
  version = "1.0"
  checks  = "checks"

  base {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter-core-g2"
  }
}
