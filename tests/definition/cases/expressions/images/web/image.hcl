image "web" {
  template = var.template
  version  = "1.${var.minor}"
  scripts = [
    "scripts/install.sh",
    local.script,
  ]
  checks = <<-EOT
    ${var.checks}
  EOT

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = upper("latest")
  }

  variables = merge({}, {})

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 1 + 2
  }

  health {
    port = 8080
    path = "/healthz"
  }
}
