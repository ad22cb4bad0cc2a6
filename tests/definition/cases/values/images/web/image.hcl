image "web" {
  template = "linux"
  version  = "1.0.0"
  checks   = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "newest"
  }

  build {
    size = "large"
  }

  variables = {
    flavour = "plain"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 0
  }

  health {
    protocol = "udp"
    port     = 8080
    path     = "healthz"
  }

  security_type = "trusted"
}
