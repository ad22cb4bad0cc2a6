image "web" {
  template = "linux"
  version  = "1.0"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
    version   = "0.20261101.2000"
  }

  build {
    size = "Standard_D4s_v5"
  }

  files   = "files"
  scripts = ["scripts/install.sh", "scripts/configure.sh"]
  checks  = "checks"

  variables = {
    flavour = "plain"
    workers = 4
    debug   = true
  }

  secret "password" {
    name    = "web-password"
    vault   = "shop-bakes"
    version = "4387e9f3d6e14c459867679a90fd0f79"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity = 3

    orchestration             = "Uniform"
    zones                     = ["1", "2"]
    zone_balance              = true
    fault_domains             = 1
    single_placement_group    = false
    accelerated_networking    = true
    termination_notice        = "10m"

    tags        = { team = "shop", "cost center" = "42" }
    ssh_keys    = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 ops"]
    user_data   = "instances/user-data.sh"
    custom_data = "instances/cloud-init.yaml"

    autoscale                  = "instances/autoscale.json"
    properties                 = "instances/scale-set.json"
    like                       = "serving"
    without_protected_settings = ["agent"]

    identity {
      system = true
      user   = ["/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/web"]
    }

    os_disk {
      size      = 64
      ephemeral = "CacheDisk"
    }

    data_disk "0" {
      size    = 128
      type    = "Premium_LRS"
      caching = "ReadOnly"
    }

    spot {
      eviction  = "Delete"
      max_price = 0.05
    }

    automatic_repairs {
      grace  = "20m"
      action = "Restart"
    }

    extension "setup" {
      publisher        = "Microsoft.Azure.Extensions"
      type             = "CustomScript"
      version          = "2.1"
      settings         = { fileUris = ["https://example.com/setup.sh"], timestamp = 3, nested = { on = true } }
      force_update_tag = "2"

      protected_settings {
        environment = "WEB_SETUP"
      }
    }

    extension "vault" {
      publisher = "Microsoft.Azure.KeyVault"
      type      = "KeyVaultForLinux"
      version   = "3.0"
      after     = ["setup"]

      protected_settings {
        secret_url = "https://shop.vault.azure.net/secrets/web"
        vault      = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/shop"
      }
    }
  }

  rebuild_on = ["inputs", "security"]
  max_age    = "30d"

  promote {
    rate          = 50
    lost_budget   = 3
    soak          = "10m"
    keep_previous = "7d"
    drain         = "90s"
    patience      = "2m"
    timeout       = "15s"
  }

  health {
    protocol = "https"
    port     = 8080
    path     = "/healthz"
  }
}
