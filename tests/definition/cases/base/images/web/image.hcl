image "web" {
  template  = "linux"
  version   = "1.0"
  checks    = "checks"
  variables = { flavour = "plain" }

  base {
    publisher      = "Debian"
    offer          = "debian-12"
    sku            = "12-gen2"
    subscription   = "00000000-0000-0000-0000-000000000000"
    resource_group = "golden"
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
