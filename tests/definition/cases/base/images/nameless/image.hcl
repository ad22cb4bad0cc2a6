image "nameless" {
  template  = "linux"
  version   = "1.0"
  checks    = "checks"
  variables = { flavour = "plain" }

  base {
    gallery = "golden"
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
