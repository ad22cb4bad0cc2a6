environment "local" {
  subscription   = 17
  tenant         = true
  location       = ["westeurope"]
  resource_group = null
  ssh_port       = "2222"

  cloud {
    name             = {}
    resource_manager = "https://127.0.0.1:9443"
    authority        = "https://127.0.0.1:9443"
  }

  gallery {
    name            = "shop"
    replica_regions = "northeurope"
  }

  network {
    name           = "shop"
    address_space  = "10.0.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.0.4.0/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
    managed        = "yes"
  }

  load_balancer "web" {
    image = "web"

    rule "http" {
      production_port = 80.5
      staging_port    = true
      backend_port    = 8080
    }
  }
}
