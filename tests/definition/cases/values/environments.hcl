environment "local" {
  subscription   = "b5a4e5a0"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000fg"
  location       = "West Europe"
  resource_group = "shop-local"
  ssh_port       = 0

  cloud {
    name             = "MyCloud"
    resource_manager = "http://127.0.0.1:9443"
    authority        = "https://127.0.0.1:9443/"
    ca_bundle        = ""
  }

  gallery {
    name            = "shop"
    replica_regions = ["North Europe"]
  }

  network {
    name           = "shop"
    address_space  = "10.0.0.0"
    subnet         = "machines"
    subnet_prefix  = "10.0.4.1/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
  }

  load_balancer "web" {
    image                = "web"
    idle_timeout_minutes = 3

    rule "http" {
      production_port = 65535
      staging_port    = -1
      backend_port    = 70000
    }
  }
}
