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

  promote {
    rate          = 50
    lost_budget   = 3
    soak          = "10m"
    keep_previous = "7d"
    drain         = "90s"
    patience      = "2m"
  }

  health {
    protocol = "tcp"
    port     = 8080
    path     = "/"
    states   = "rich"
    version  = "text"
  }
}
