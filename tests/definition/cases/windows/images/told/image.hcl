image "told" {
  template "windows" {
    only      = ["azure-arm.strange"]
    variables = { other = name }
  }
  version = "1.0"
  checks  = "checks"

  base {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter-core-g2"
  }
}
