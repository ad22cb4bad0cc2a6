# Bakes any Debian-family image: a machine from a marketplace or gallery image, the image's files and
# scripts, then a gallery image version and, when asked for, a managed image.
#
# Only arguments that both generations of the plugin know (1.4.5 and 2.x): docs/definitions.md.

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
  # Hardened bases mount /tmp noexec, and no one's home. The home goes with the account.
  remote_folder = var.remote_folder == null ? "/home/${var.ssh_username}" : var.remote_folder
  # The file provisioner puts a folder under its own name.
  uploaded = var.files == null ? "" : "${local.remote_folder}/${basename(var.files)}"
  # With `sudo env` no sudoers rule needs to let the variables through.
  as_root = "sudo env {{ .Vars }} {{ .Path }}"
}

source "azure-arm" "linux" {
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

  os_type         = "Linux"
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

  communicator              = "ssh"
  ssh_port                  = var.ssh_port
  ssh_username              = var.ssh_username
  ssh_timeout               = var.ssh_timeout
  ssh_clear_authorized_keys = true

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
  sources = ["source.azure-arm.linux"]

  # First boot's own work comes first: it holds the package locks.
  provisioner "shell" {
    execute_command = local.as_root
    remote_folder   = local.remote_folder
    script          = "${path.root}/ready.sh"
  }

  provisioner "file" {
    except      = var.files == null ? ["azure-arm.linux"] : []
    source      = var.files
    destination = "${local.remote_folder}/"
  }

  provisioner "shell" {
    except          = length(var.scripts) == 0 ? ["azure-arm.linux"] : []
    execute_command = local.as_root
    remote_folder   = local.remote_folder
    env = {
      IMAGE_NAME    = var.image_name
      IMAGE_VERSION = var.image_version
      IMAGE_FILES   = local.uploaded
    }
    scripts = var.scripts
  }

  # Generalizes the machine. It comes last: the account that Packer uses is gone afterwards.
  # The check of hygiene finds what is left here (docs/hygiene.md).
  provisioner "shell" {
    execute_command = local.as_root
    remote_folder   = local.remote_folder
    env             = { IMAGE_FILES = local.uploaded }
    inline = [
      "[ -z \"$IMAGE_FILES\" ] || rm -rf \"$IMAGE_FILES\"",
      "rm -f /etc/apt/apt.conf.d/99-bake-lock-timeout",
      "! command -v cloud-init >/dev/null 2>&1 || cloud-init clean --logs",
      "rm -f /etc/sudoers.d/90-cloud-init-users /root/.*_history /var/lib/systemd/random-seed",
      "rm -rf /var/log/journal/*",
      "find /tmp /var/tmp -xdev -type f -delete",
      "/usr/sbin/waagent -force -deprovision+user",
      ": >/etc/machine-id",
      "sync",
    ]
    inline_shebang = "/bin/sh -eu"
  }
}
