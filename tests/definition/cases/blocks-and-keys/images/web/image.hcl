image "web" {
  template = "linux"
  version  = "1.0"

  base = {
    publisher = "Debian"
  }

  checks {
  }

  variables {
    flavour = "plain"
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
