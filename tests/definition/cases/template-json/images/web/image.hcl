image "web" {
  template = "old"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  checks = "checks"

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3
  }

  health {
    protocol = "https"
    port     = 8080
    path     = "/healthz"
  }
}
