image "Web_Shop" {
  template = "linux"
  version  = "1.0"
  checks   = "checks"

  base {
    publisher = "Debian "
    offer     = ""
    sku       = "12/gen2"
  }

  variables = {
    flavour = "plain"
  }

  scale_set {
    sku      = "D2s_v5"
    capacity = 3
  }

  health {
    port = 8080
    path = "/healthz"
  }
}
