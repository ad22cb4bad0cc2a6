environment "Local Machine" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop."
  ssh_username   = "admin"
  access         = "open"
  runner_address = "0.0.0.0/0"

  cloud {
    name             = "public"
    resource_manager = "https://127.0.0.1:9443"
    authority        = "https://127.0.0.1:9443"
  }

  gallery {
    name = "shop-gallery"
  }

  network {
    name           = "s"
    address_space  = "10.0.0.0/16"
    subnet         = "machines!"
    subnet_prefix  = "10.0.4.0/22"
    nat_gateway    = "-nat"
    security_group = "machines-"
  }

  load_balancer "shop lb" {
    image = "web"

    rule "http." {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }
  }
}
