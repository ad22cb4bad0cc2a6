environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  gallery {
    name           = "shop"
    resource_group = "shop-images"
    subscription   = "b5a4e5a0-0000-4000-8000-000000000002"
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
    name         = "shop"
    managed      = false
    subscription = "b5a4e5a0-0000-4000-8000-000000000002"
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }
}

environment "staging" {
  subscription         = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant               = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location             = "westeurope"
  resource_group       = "shop-staging"
  build_resource_group = "Shop-Staging"

  gallery {
    name = "shop"
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }
}
