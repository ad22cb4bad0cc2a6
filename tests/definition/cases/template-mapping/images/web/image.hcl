image "web" {
  template "hardened" {
    variables = {
      sig_image     = build.siez
      sig_version   = version
      instance_type = build.size == "" ? 1 : 2
      label         = "${name}-${build.siez}"
      arm_secret    = credential.client_secret
      both          = ["x", credential.client_secret]
      vault         = { token = "secret" }
      packages      = [base.oofer]
      tags          = tags
    }
    only = ["azure-arm.rocki", 7]
  }
  template "linux" {
  }
  template "two" "labels" {
  }
  only     = ["azure-arm.rocky"]
  version  = "1.0"
  checks   = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
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
