environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  gallery {
    name            = "shop"
    replica_regions = ["northeurope", "uksouth"]
    replicas        = 11
    storage         = "PremiumV2_LRS"
    shallow         = "yes"

    replica "northeurope" {
      count = 101
    }

    replica "uksoth" {
      count = 2
    }

    replica "UK South" {
      count = 2
    }

    replica "westeurope" {
    }
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }
}

environment "production" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-production"

  gallery {
    name     = "shop"
    replicas = 2
    shallow  = true

    replica "westeurope" {
      count = 1
    }
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }
}
