image "web" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "0.20261101.2000"
  }

  build {
    size = "Standard_D4s_v5"
  }

  files   = "files"
  scripts = ["scripts/install.sh", "scripts/configure.sh"]
  checks  = "checks"

  variables = {
    flavour = "plain"
    workers = 4
    debug   = true
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3
  }

  hygiene {
    skip  = ["journals", "all"]
    allow = ["", "/opt/*"]
    kinds = []
  }

  end_of_life = "3h"

  health {
    protocol = "https"
    port     = 8080
    path     = "/healthz"
  }
}
