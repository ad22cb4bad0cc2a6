environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  gallery {
    name = "shop"
  }

  network {
    name           = "shop"
    resource_group = "platform"
    address_space  = "10.0.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.1.4.0/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
  }
}
