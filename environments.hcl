# Landing zones: where images are built, checked and served. Every key: docs/definitions.md.

# Azure on this machine: `invoke emulator.start`.
environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "bakeswap-local"
  ssh_port       = 2222 # without root nobody can serve port 22

  cloud {
    name             = "BakeswapEmulator"
    resource_manager = "https://127.0.0.1:9443"
    authority        = "https://127.0.0.1:9443"
    key_vaults       = "https://127.0.0.1:9443/key-vaults/{vault}"
    ca_bundle        = ".pipeline/emulator/ca.pem"
    credential       = ".pipeline/emulator/credentials.json"
  }

  gallery {
    name = "bakeswap"
  }

  network {
    name           = "bakeswap"
    address_space  = "10.80.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.80.0.0/20"
    nat_gateway    = "bakeswap-nat"
    security_group = "bakeswap-machines"
  }

  load_balancer "web" {
    image = "web"

    rule "http" {
      production_port = 8080
      staging_port    = 8081
      backend_port    = 8080
    }
  }
}

# A production landing zone in public Azure. Without `cloud`, it is public Azure and whatever identity
# DefaultAzureCredential finds: `az login`, a federated token in CI, a managed identity.
#
# environment "production" {
#   subscription   = "00000000-0000-0000-0000-000000000000"
#   tenant         = "00000000-0000-0000-0000-000000000000"
#   location       = "westeurope"
#   resource_group = "shop-production"
#
#   gallery {
#     name            = "shop"
#     replica_regions = ["northeurope"]
#   }
#
#   # What is known of each version, signed, and what it is not promoted without: docs/evidence.md.
#   evidence {
#     store     = "https://shopevidence.blob.core.windows.net/evidence"
#     sign_with = "https://shop.vault.azure.net/keys/release"
#     required  = ["provenance", "checks"]
#     signed_by = ["keys/release.pub"]
#   }
#
#   # A network that the platform team owns: used, never written. The pipeline must reach its private
#   # addresses, for example from a runner inside it.
#   network {
#     name           = "platform"
#     resource_group = "platform-network"
#     managed        = false
#     address_space  = "10.20.0.0/16"
#     subnet         = "shop"
#     subnet_prefix  = "10.20.4.0/22"
#     nat_gateway    = "platform-nat"
#     security_group = "platform-shop"
#   }
#
#   load_balancer "web" {
#     image   = "web"
#     private = true # frontends are addresses of the subnet
#
#     rule "http" {
#       production_port = 80
#       staging_port    = 8081
#       backend_port    = 8080
#     }
#   }
# }
