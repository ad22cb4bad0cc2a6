image "web" {
  template = "linux"
  version  = 1.0
  scripts = [
    "scripts/install.sh",
    12,
  ]
  files  = ["files"]
  checks = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  variables = {
    flavour = [upper("plain")]
    workers = { all = "%{ if true }1%{ endif }" }
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = "3"
  }

  health {
    port = 8080
    path = "/healthz"
  }
}
