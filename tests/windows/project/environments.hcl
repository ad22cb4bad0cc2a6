environment "production" {
  subscription   = "00000000-0000-0000-0000-000000000000"
  tenant         = "00000000-0000-0000-0000-000000000000"
  location       = "westeurope"
  resource_group = "shop-production"

  gallery {
    name = "shop"
  }

  network {
    name           = "shop"
    address_space  = "10.20.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.20.4.0/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
  }

  load_balancer "shop" {
    image = "shop"

    rule "http" {
      production_port = 80
      staging_port    = 8080
      backend_port    = 80
    }
  }
}
