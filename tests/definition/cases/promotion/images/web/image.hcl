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
    rate          = 0
    lost_budget   = -1
    soak          = "ten minutes"
    keep_previous = "1w"
    drain         = 600
    patience      = "0s"
    timeout       = "500ms"
    rehearse      = "yes"
    probe         = "/"
  }

  health {
    protocol = "https"
    port     = 8080
    path     = "/healthz"
  }
}
