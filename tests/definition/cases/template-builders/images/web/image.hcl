image "web" {
  template  = "linux"
  only      = []
  variables = { flavour = "plain" }
  version   = "1.0"
  checks    = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3
  }

  health {
    port = 8080
    path = "/healthz"
  }
}
