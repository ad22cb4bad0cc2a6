image "web" {
  template = "linux"
  version  = "1.0"
  files    = "file"
  checks   = "scripts"
  scripts = [
    "scripts/instal.sh",
    "/etc/passwd",
    "../web/scripts/install.sh",
    "",
  ]

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  variables = {
    flavour = "plain"
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
