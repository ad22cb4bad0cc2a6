environment {
}

environment "local" "again" {
}

environment "third" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  gallery "shop" {
    name = "shop"
  }

  network {
    name    = "platform"
    managed = false
    subnet  = "shop"
  }
}
