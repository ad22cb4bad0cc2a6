# An image of Windows: that its template says so is enough.
image "shop" {
  template "windows" {
    variables = { winrm_timeout = "20m" }
  }
  version = "1.0"

  base {
    publisher = "MicrosoftWindowsServer"
    offer     = "WindowsServer"
    sku       = "2022-datacenter-core-g2"
  }

  build {
    size    = "Standard_D4s_v5"
    timeout = "2h"
  }

  files   = "files"
  scripts = ["scripts/install.ps1"]
  checks  = "checks"

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 2
  }

  health {
    port = 80
    path = "/healthz.json"
  }
}
