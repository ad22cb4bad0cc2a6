image "linux" {
  template "windows" {
    only      = ["azure-arm.named"]
    variables = { system = "linux" }
  }
  version = "1.0"
  checks  = "checks"

  base {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter-core-g2"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3
    ssh_keys = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ops"]
  }
}
