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
    address_space  = "10.0.0.0/16"
    subnet         = "machines"
    subnet_prefix  = "10.0.4.0/22"
    nat_gateway    = "shop-nat"
    security_group = "shop-machines"
  }

  evidence {
    store     = "https://shop.blob.core.windows.net/"
    sign_with = "https://shop.vault.azure.net/secrets/release"
    required  = ["provenance", "sbon", "provenance"]
    signed_by = ["keys/nowhere.pub", "https://shop.vault.azure.net/keys/release"]
    verify    = true
    keep      = "forever"
  }

  tags = { evidence = "mine" }
}

environment "other" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-other"

  gallery {
    name = "shop"
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }

  evidence {
    store = ""
    sign_with = ""
    signed_by = [""]
  }
}
