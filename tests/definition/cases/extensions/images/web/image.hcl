image "web" {
  template = "linux"
  version  = "1.0"
  checks   = "checks"

  base {
    publisher = "Debian"
    offer     = "debian-12"
    sku       = "12-gen2"
  }

  variables = {
    flavour = "plain"
  }

  health {
    port = 8080
    path = "/healthz"
  }

  scale_set {
    sku      = "Standard_D2s_v5"
    capacity      = 2
    fault_domains = 1
    zones         = ["1"]
    zone_balance  = true
    single_placement_group = true
    tags = { t0 = "x", t1 = "x", t2 = "x", t3 = "x", t4 = "x", t5 = "x", t6 = "x", t7 = "x", t8 = "x", t9 = "x", t10 = "x", t11 = "x", t12 = "x", t13 = "x", t14 = "x", t15 = "x", t16 = "x", t17 = "x", t18 = "x", t19 = "x", t20 = "x", t21 = "x", t22 = "x", t23 = "x", t24 = "x", t25 = "x", t26 = "x", t27 = "x", t28 = "x", t29 = "x", t30 = "x", t31 = "x", t32 = "x", t33 = "x", t34 = "x", t35 = "x", t36 = "x", t37 = "x", t38 = "x", t39 = "x", t40 = "x" }

    extension "ApplicationHealth" {
      publisher = "Contoso"
      type      = "Health"
      version   = "1.0"
    }

    extension "probe" {
      publisher = "Microsoft.ManagedServices"
      type      = "ApplicationHealthLinux"
      version   = "2.0"
    }

    extension "setup" {
      publisher = "Microsoft.Azure.Extensions"
      type      = "CustomScript"
      version   = "2.1.0"
      settings  = { commandToExecute = var.command, list = [1, null], list = 2 }
      after     = ["monitor", "vault"]

      protected_settings {
      }
    }

    extension "again" {
      publisher = "Microsoft.Azure.Extensions"
      type      = "customscript"
      version   = "2.1"

      protected_settings {
        environment = "A-B"
        secret_url  = "https://shop.vault.azure.net/keys/web"
      }
    }

    extension "monitor" {
      publisher = "Contoso"
      type      = "Monitor"
      version   = "1.0"
      after     = ["setup", "nothing"]
      settings  = "none"

      protected_settings {
        vault = "shop"
        file  = "secret.json"
      }
    }

    extension "vault" {
      publisher = "Microsoft.Azure.KeyVault"
      type      = "KeyVaultForLinux"
      version   = "3.0"
    }
  }
}
