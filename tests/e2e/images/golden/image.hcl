# The base of containers, for simulated machines.
image "golden" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  checks = "checks"
}
