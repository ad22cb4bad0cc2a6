image "web" {
  template "hardened" {
    variables = {
      both = credential.client_secret
    }
    secret "token" {
      name    = "package_token"
      vault   = "a vault"
      version = "newest"
    }
    secret "tokne" {
      name = "package-token"
    }
    secret "plain" {
      name = "package-token"
    }
    secret "both" {
      name = "package-token"
    }
    secret "client_secret" {
      name = "package-token"
    }
    secret "none" {
      nmae = "package-token"
    }
  }
  secret "beside" {
    name = "package-token"
  }
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
