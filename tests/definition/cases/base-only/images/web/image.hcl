# A base of other images: nothing serves it, but the load balancers of good/ are to.
image "web" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  checks    = "checks"
  variables = { flavour = "plain" }
}
