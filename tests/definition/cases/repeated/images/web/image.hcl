image "web" {
  template = "linux"
  version  = "1.0"
  checks   = "checks"
  version  = "1.1"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    sku       = "12"
    sku       = "11"
  }

  variables = {
    flavour = "plain"
    flavour = "fancy"
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
