# The web image of the tests on simulated machines, which run no commands: nothing is installed.
image "web" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  files   = "files"
  scripts = ["scripts/install.sh"]
  checks  = "checks"

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 2
  }

  promote {
    soak = "5s" # short, for the demo: some minutes tell more
  }

  health {
    protocol = "http"
    port     = 8080
    path     = "/healthz"
  }
}
