image "web" {
  template = "linux"
  version  = "1.0"
  checks   = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  variables = {
    worker        = 3
    image_version = "1.0.0"
    password      = "secret"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3
  }

  health {
    port = 8080
    path = "/healthz"
  }

  security_type = "trusted_launch"
}
