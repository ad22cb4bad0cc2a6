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
    capacity = 200

    orchestration             = "Flexible"
    zones                     = ["1", "2"]
    fault_domains             = 5
    single_placement_group    = true
    proximity_placement_group = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/proximityPlacementGroups/p"

    identity {
      system = true
    }

    os_disk {
      type      = "Premium_LRS"
      caching   = "ReadWrite"
      ephemeral = "NvmeDisk"
    }

    spot {
      eviction  = "Deallocate"
      max_price = "0.05"
    }
  }
}
