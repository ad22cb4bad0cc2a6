environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  gallery {
    name = "shop"
  }

  network {
    name    = "platform"
    managed = false
    subnet  = "shop"
  }

  load_balancer "one" {
    image = "wep"
  }

  load_balancer "two" {
    image = "web"

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8082
    }

    rule "http-staging" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8082
    }
  }

  load_balancer "three" {
    image = "web"

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080

      probe {
        protocol = "tcp"
        path     = "/healthz"
      }
    }
  }

  load_balancer "four" {
    name  = "two"
    image = "web"

    rule "http" {
      production_port = 443
      staging_port    = 8081
      backend_port    = 8080

      probe {
        protocol = "http"
      }
    }
  }
}
