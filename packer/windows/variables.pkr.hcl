# What a build is given. By hand: `packer build -var-file=FILE packer/windows`, secrets in
# PKR_VAR_client_secret or PKR_VAR_client_jwt.

# Who asks

variable "subscription_id" {
  description = "The subscription to build in; null for that of the Azure CLI's sign-in."
  type        = string
  default     = null
}

variable "tenant_id" {
  description = "The Microsoft Entra tenant of the client; not needed with the Azure CLI's sign-in."
  type        = string
  default     = null
}

variable "client_id" {
  description = "The application (client) id of the service principal that builds."
  type        = string
  default     = null
}

variable "client_secret" {
  description = "The client's secret."
  type        = string
  default     = null
  sensitive   = true
}

variable "client_jwt" {
  description = "A federated token instead of a secret. Plugin 1.4.5 takes only one with an x5t header."
  type        = string
  default     = null
  sensitive   = true
}

variable "use_azure_cli_auth" {
  description = "Whether to use the sign-in of the Azure CLI instead of a client of its own."
  type        = bool
  default     = false
}

# Which cloud, and where in it

variable "cloud_environment_name" {
  description = "Public, or the name of another cloud; a name Azure does not know is never sent to public Azure."
  type        = string
  default     = "Public"
}

variable "metadata_host" {
  description = "Who describes a cloud that is not Azure's own: host:port for plugin 1.x, https://host:port for 2.x."
  type        = string
  default     = null
}

variable "location" {
  description = "The region to build in."
  type        = string
}

variable "temp_resource_group_name" {
  description = "The resource group of the build, made and deleted by Packer; null for a random name."
  type        = string
  default     = null
}

variable "build_resource_group_name" {
  description = "A resource group that is there, to build in instead; Packer removes its machine from it, and nothing else."
  type        = string
  default     = null
}

variable "temp_compute_name" {
  description = "The name of the machine; null for a random one."
  type        = string
  default     = null
}

variable "temp_nic_name" {
  description = "The name of its network interface; null for a random one."
  type        = string
  default     = null
}

variable "temp_os_disk_name" {
  description = "The name of its disk; null for a random one."
  type        = string
  default     = null
}

variable "virtual_network_name" {
  description = "The virtual network to build in, reached by the private address; null for a public address. Set all three or none."
  type        = string
  default     = null
}

variable "virtual_network_subnet_name" {
  description = "The subnet in that network."
  type        = string
  default     = null
}

variable "virtual_network_resource_group_name" {
  description = "The resource group of that network."
  type        = string
  default     = null
}

variable "allowed_inbound_ip_addresses" {
  description = "Who may reach a machine with a public address; nobody is kept out when it is empty."
  type        = list(string)
  default     = []
}

variable "tags" {
  description = "Tags on everything that is made, the image version included; at most 15."
  type        = map(string)
  default     = {}
}

# The machine

variable "vm_size" {
  description = "The size of the machine."
  type        = string
  default     = "Standard_D2s_v5"
}

variable "secure_boot_enabled" {
  description = "Whether the machine boots signed code only; for Trusted Launch set both."
  type        = bool
  default     = false
}

variable "vtpm_enabled" {
  description = "Whether the machine has a virtual TPM."
  type        = bool
  default     = false
}

variable "os_disk_size_gb" {
  description = "The size of its disk in GB; null for the base image's."
  type        = number
  default     = null
}

variable "base_publisher" {
  description = "The publisher of the marketplace image to start from; null for a gallery image."
  type        = string
  default     = null
}

variable "base_offer" {
  description = "Its offer."
  type        = string
  default     = null
}

variable "base_sku" {
  description = "Its SKU."
  type        = string
  default     = null
}

variable "base_version" {
  description = "Its version, exact, or latest."
  type        = string
  default     = "latest"
}

variable "base_gallery_subscription_id" {
  description = "The subscription of the gallery to start from; null for the one of the build."
  type        = string
  default     = null
}

variable "base_gallery_resource_group" {
  description = "Its resource group."
  type        = string
  default     = null
}

variable "base_gallery_name" {
  description = "The gallery to start from; null for a marketplace image."
  type        = string
  default     = null
}

variable "base_gallery_image_name" {
  description = "The image definition in it."
  type        = string
  default     = null
}

variable "base_plan_publisher" {
  description = "The publisher of its purchase plan; null for an image that is free. Set all three or none."
  type        = string
  default     = null
}

variable "base_plan_product" {
  description = "The product of that plan."
  type        = string
  default     = null
}

variable "base_plan_name" {
  description = "The plan's name."
  type        = string
  default     = null
}

variable "winrm_username" {
  description = "The account that Packer makes for itself; Windows takes neither administrator nor admin."
  type        = string
  default     = "packer"
}

variable "winrm_timeout" {
  description = "How long to wait for WinRM."
  type        = string
  default     = "30m"
}

variable "build_key_vault_name" {
  description = "A key vault that is there, in build_resource_group_name, for WinRM's certificate; null for one that the plugin makes and deletes."
  type        = string
  default     = null
}

variable "build_key_vault_sku" {
  description = "The SKU of a key vault that the plugin makes: standard or premium."
  type        = string
  default     = "standard"
}

variable "remote_folder" {
  description = "A folder on the machine for files; what is put there goes before the machine is generalized."
  type        = string
  default     = "C:\\Windows\\Temp\\bake"
}

# What to do on it

variable "scripts" {
  description = "PowerShell scripts to run as an administrator, in this order, with IMAGE_NAME, IMAGE_VERSION and IMAGE_FILES in their environment."
  type        = list(string)
  default     = []
}

variable "files" {
  description = "A folder to put on the machine before the scripts run; IMAGE_FILES names it there."
  type        = string
  default     = null
}

# What becomes of it

variable "gallery_subscription_id" {
  description = "The subscription of the gallery; null for the one of the build."
  type        = string
  default     = null
}

variable "gallery_resource_group" {
  description = "The resource group of the gallery."
  type        = string
}

variable "gallery_name" {
  description = "The gallery."
  type        = string
}

variable "image_name" {
  description = "The image definition in the gallery; it must exist."
  type        = string
}

variable "image_version" {
  description = "The image version to make, major.minor.patch. Plugin 1.4.5 writes over one that exists: ask first."
  type        = string
}

variable "replication_regions" {
  description = "Regions to replicate the version to, besides the location."
  type        = list(string)
  default     = []
}

variable "replica_count" {
  description = "Replicas of the version in each region, 1 to 10; null for one."
  type        = number
  default     = null
}

variable "storage_account_type" {
  description = "What the version lies on: Standard_LRS, Standard_ZRS or Premium_LRS; null for Standard_LRS."
  type        = string
  default     = null
}

variable "shared_image_gallery_timeout" {
  description = "How long to wait until the version is in all its regions."
  type        = string
  default     = "60m"
}

variable "exclude_from_latest" {
  description = "Whether `latest` passes the version over until somebody says otherwise."
  type        = bool
  default     = false
}

variable "managed_image_name" {
  description = "A managed image to make on the way; null for the gallery alone. Set both or none."
  type        = string
  default     = null
}

variable "managed_image_resource_group_name" {
  description = "The resource group of the managed image."
  type        = string
  default     = null
}
