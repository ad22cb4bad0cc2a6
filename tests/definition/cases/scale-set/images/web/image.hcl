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
    capacity = 2

    orchestration             = "flexible"
    zones                     = ["1", "4", "1"]
    zone_balance              = "yes"
    fault_domains             = 6
    single_placement_group    = 1
    proximity_placement_group = "ppg"
    accelerated_networking    = null
    termination_notice        = "20m"

    tags        = { "a/b" = "x", Run = "mine", team = "shop", TEAM = "web", n = 1 }
    ssh_keys    = ["ssh-dss AAAA"]
    user_data   = "instances/user-date.sh"
    custom_data = "../cloud-init.yaml"

    identity {
    }

    os_disk {
      size    = 0
      type    = "Fast"
      caching = "readonly"
    }

    data_disk "64" {
      size = 70000
    }

    data_disk "1" {
      type    = "UltraSSD_LRS"
      caching = "ReadOnly"
    }

    spot {
      eviction  = "Kill"
      max_price = 0
    }

    automatic_repairs {
      grace  = "5m"
      action = "Repair"
    }
  }
}
