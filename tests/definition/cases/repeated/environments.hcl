environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"
  location       = "northeurope"

  gallery {
    name            = "shop"
    replica_regions = ["northeurope", "westeurope", "northeurope"]
  }

  network {
    name           = "platform"
    managed        = false
    subnet         = "shop"
  }

  network {
    name = "other"
  }

  load_balancer "web" {
    image = "web"

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }

    rule "http" {
      production_port = 81
      staging_port    = 8082
      backend_port    = 8082
    }
  }
}

environment "local" {
}
