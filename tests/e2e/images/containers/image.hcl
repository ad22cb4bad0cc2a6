# What images/containers says, but for scripts: simulated machines run no commands.
image "containers" {
  template = "linux"
  version  = "1.0"

  base {
    image = "golden"
  }

  checks = "checks"

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 2
  }

  promote {
    soak = "5s"
  }

  health {
    protocol = "http"
    port     = 8080
    path     = "/healthz"
  }
}
