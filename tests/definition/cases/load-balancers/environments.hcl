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

  load_balancer "five" {
    name                = "two"
    image               = "web"
    private             = true
    resource_group      = "elsewhere"
    production_frontend = "front"
    staging_frontend    = "front"

    rule "https" {
      production_port = 443
      staging_port    = 443
      backend_port    = 8080
      staging_rule    = "https"

      probe {
        name = "alive"
        path = "/"
      }
    }
  }

  load_balancer "six" {
    name                 = "two"
    image                = "web"
    managed              = false
    resource_group       = "elsewhere"
    idle_timeout_minutes = 5

    rule "http" {
      production_rule = "no rule's name!"
      production_port = 81
      staging_port    = 81
      backend_port    = 8080
    }
  }

  load_balancer "seven" {
    image               = "web"
    private             = "staging"
    production_frontend = "front"
    staging_frontend    = "front"

    rule "all" {
      protocol     = "all"
      staging_port = 443
    }

    rule "quic" {
      protocol        = "quic"
      production_port = 443
      staging_port    = 8443
      backend_port    = 443
    }
  }

  load_balancer "eight" {
    image              = "web"
    production_address = "10.0.4.7"
    staging_address    = "10.0.4.7"

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }
  }
}
