# A small web application: nginx serves one page, which shows the version it was baked as.
image "web" {
  template = "linux"
  version  = "1.0" # major.minor; the patch is the next free number in the gallery

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "latest" # pinned by each build
  }

  # What `nightly` bakes it again for; `max_age = "30d"` would do so besides.
  rebuild_on = ["inputs", "base", "parent", "security"]

  files   = "files"
  scripts = ["scripts/install.sh"]
  checks  = "checks"

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 2
  }

  promote {
    soak     = "15s" # short, for the demo: some minutes tell more
    timeout  = "30s" # long, for machines without KVM: 5s is the default
    patience = "5m"
  }

  health {
    protocol = "http"
    port     = 8080
    path     = "/healthz"
  }
}
