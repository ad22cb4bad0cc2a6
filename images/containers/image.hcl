# A container host: podman from the distribution, and the containers of the application in the image,
# so that a machine pulls nothing when it starts.
image "containers" {
  template = "linux"
  version  = "1.0"

  base {
    image = "golden" # images/golden: baked first, and a newer one is a reason to bake this one
  }

  files   = "files"
  scripts = ["scripts/runtime.sh", "scripts/app.sh"]
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
