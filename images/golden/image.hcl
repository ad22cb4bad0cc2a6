# The base of other images: Debian with this company's settings. No load balancer serves it, so it
# has neither a scale set nor a health page. Whoever is made of it says base { image = "golden" }.
image "golden" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  files   = "files"
  scripts = ["scripts/harden.sh"]
  checks  = "checks"
}
