# Bakes any image of Windows: a machine from a marketplace or gallery image, the image's files and
# PowerShell scripts, Sysprep, then a gallery image version and, when asked for, a managed image.
#
# Only arguments that both generations of the plugin know (1.4.5 and 2.x): docs/definitions.md.
# Never run on Azure yet: docs/windows.md.

packer {
  required_version = ">= 1.10"
  required_plugins {
    azure = {
      source  = "github.com/hashicorp/azure"
      version = ">= 1.4.5"
    }
  }
}

locals {
  # The file provisioner puts a folder under its own name.
  uploaded = var.files == null ? "" : "${var.remote_folder}\\${basename(var.files)}"
}

source "azure-arm" "windows" {
  client_id              = var.client_id
  client_secret          = var.client_secret
  client_jwt             = var.client_jwt
  use_azure_cli_auth     = var.use_azure_cli_auth
  tenant_id              = var.tenant_id
  subscription_id        = var.subscription_id
  cloud_environment_name = var.cloud_environment_name
  metadata_host          = var.metadata_host
  # In a group that is there Packer bakes where that is, and takes no location.
  location                   = var.build_resource_group_name == null ? var.location : null
  build_resource_group_name  = var.build_resource_group_name
  temp_resource_group_name   = var.temp_resource_group_name
  temp_compute_name          = var.temp_compute_name
  temp_nic_name              = var.temp_nic_name
  temp_os_disk_name          = var.temp_os_disk_name
  azure_tags                 = var.tags
  polling_duration_timeout   = "60m"
  async_resourcegroup_delete = false

  # Plugin 2.1 and newer want `security_type = "TrustedLaunch"` as well: docs/definitions.md.
  secure_boot_enabled = var.secure_boot_enabled
  vtpm_enabled        = var.vtpm_enabled

  os_type         = "Windows"
  vm_size         = var.vm_size
  os_disk_size_gb = var.os_disk_size_gb
  image_publisher = var.base_publisher
  image_offer     = var.base_offer
  image_sku       = var.base_sku
  image_version   = var.base_gallery_name == null ? var.base_version : null

  dynamic "shared_image_gallery" {
    for_each = var.base_gallery_name == null ? [] : [var.base_gallery_name]
    content {
      subscription   = var.base_gallery_subscription_id == null ? var.subscription_id : var.base_gallery_subscription_id
      resource_group = var.base_gallery_resource_group
      gallery_name   = shared_image_gallery.value
      image_name     = var.base_gallery_image_name
      image_version  = var.base_version
    }
  }

  dynamic "plan_info" {
    for_each = var.base_plan_name == null ? [] : [var.base_plan_name]
    content {
      plan_publisher = var.base_plan_publisher
      plan_product   = var.base_plan_product
      plan_name      = plan_info.value
    }
  }

  virtual_network_name                = var.virtual_network_name
  virtual_network_subnet_name         = var.virtual_network_subnet_name
  virtual_network_resource_group_name = var.virtual_network_resource_group_name
  allowed_inbound_ip_addresses        = var.allowed_inbound_ip_addresses

  # The plugin makes a certificate, and Azure lets WinRM listen with it out of a key vault: one that
  # the plugin makes in the group of the bake, or one that is there.
  communicator         = "winrm"
  winrm_use_ssl        = true
  winrm_insecure       = true # nobody else knows the certificate that the plugin made itself
  winrm_username       = var.winrm_username
  winrm_timeout        = var.winrm_timeout
  build_key_vault_name = var.build_key_vault_name
  build_key_vault_sku  = var.build_key_vault_sku

  shared_image_gallery_destination {
    subscription   = var.gallery_subscription_id == null ? var.subscription_id : var.gallery_subscription_id
    resource_group = var.gallery_resource_group
    gallery_name   = var.gallery_name
    image_name     = var.image_name
    image_version  = var.image_version
    # Azure wants the region of the machine among them.
    replication_regions  = distinct(concat([var.location], var.replication_regions))
    storage_account_type = var.storage_account_type
  }
  shared_gallery_image_version_exclude_from_latest = var.exclude_from_latest
  shared_image_gallery_replica_count               = var.replica_count
  shared_image_gallery_timeout                     = var.shared_image_gallery_timeout

  managed_image_name                = var.managed_image_name
  managed_image_resource_group_name = var.managed_image_resource_group_name
}

build {
  sources = ["source.azure-arm.windows"]

  # First boot's own work comes first: Sysprep fails while the agent is at it.
  provisioner "powershell" {
    script = "${path.root}/ready.ps1"
  }

  provisioner "powershell" {
    except = var.files == null ? ["azure-arm.windows"] : []
    env    = { FOLDER = var.remote_folder }
    inline = ["New-Item -ItemType Directory -Force -Path $Env:FOLDER | Out-Null"]
  }

  provisioner "file" {
    except      = var.files == null ? ["azure-arm.windows"] : []
    source      = var.files
    destination = "${var.remote_folder}\\"
  }

  provisioner "powershell" {
    except = length(var.scripts) == 0 ? ["azure-arm.windows"] : []
    env = {
      IMAGE_NAME    = var.image_name
      IMAGE_VERSION = var.image_version
      IMAGE_FILES   = local.uploaded
    }
    scripts = var.scripts
  }

  # What a script left to be done at the next start would be done by instances, and keeps Sysprep
  # from beginning.
  provisioner "windows-restart" {
    restart_timeout = "30m"
  }

  # Generalizes the machine. It comes last: nobody signs in afterwards.
  provisioner "powershell" {
    env    = { IMAGE_FILES = local.uploaded }
    script = "${path.root}/generalize.ps1"
  }
}
