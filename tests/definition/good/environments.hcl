environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"
  ssh_port       = 2222
  ssh_username   = "operator"
  access         = "public"
  runner_address = "203.0.113.7"
  key_vault      = "shop-local"

  cloud {
    name             = "MyCloud"
    resource_manager = "https://127.0.0.1:9443"
    authority        = "https://login.internal"
    ca_bundle        = ".pipeline/ca.pem"
    credential       = ".pipeline/credential.json"
    key_vaults       = "https://127.0.0.1:9443/key-vaults/{vault}"
    api_versions     = { compute = "2024-07-01", galleries = "2023-07-03" }
  }

  gallery {
    name            = "shop"
    replica_regions = ["northeurope", "uksouth"]
    replicas        = 2
    storage         = "Standard_ZRS"

    replica "northeurope" {
      count = 3
    }
  }

  network {
    name           = "shop"
    address_space  = "10.0.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.0.4.0/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
  }

  load_balancer "shop-lb" {
    image                = "web"
    private              = true
    idle_timeout_minutes = 30

    instances {
      tags      = { stage = "test" }
      user_data = "instances/local.env"
    }

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }

    rule "admin" {
      production_port = 9000
      staging_port    = 9001
      backend_port    = 9000

      probe {
        protocol = "https"
        path     = "/ready"
      }
    }
  }

  tags = { team = "shop", cost-center = "4711" }
}

environment "production" {
  subscription   = "00000000-0000-0000-0000-000000000000"
  tenant         = "00000000-0000-0000-0000-000000000000"
  location       = "westeurope"
  resource_group = "shop"

  gallery {
    name    = "shop"
    shallow = true
  }

  network {
    name           = "platform"
    resource_group = "platform-network"
    managed        = false
    subnet         = "shop"
  }

  load_balancer "web" {
    image               = "web"
    name                = "lb-shop"
    resource_group      = "shop-network"
    managed             = false
    production_frontend = "PublicIPAddress"
    staging_frontend    = "PublicIPAddress"

    rule "https" {
      production_rule = "lbrule-443"
      staging_rule    = "lbrule-8443"
      production_port = 443
      staging_port    = 8443
      backend_port    = 8080

      probe {
        name = "alive"
      }
    }
  }

  evidence {
    store     = "https://shop.blob.core.windows.net/evidence"
    sign_with = "https://shop.vault.azure.net/keys/release"
    required  = ["provenance", "checks"]
    signed_by = ["keys/release.pub"]
    keep      = "with_versions"
  }
}
