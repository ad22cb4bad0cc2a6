image "web" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  checks    = "checks"
  variables = { flavour = "plain" }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3

    autoscale                  = "instances/autoscale.json"
    properties                 = "instances/scale-set.json"
    without_protected_settings = ["agent"]
  }

  health {
    protocol = "https"
    port     = 8080
    path     = "/healthz"
  }
}
