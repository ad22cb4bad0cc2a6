variable "base_offer" {}
variable "base_publisher" {}
variable "base_sku" {}
variable "base_version" {}
variable "exclude_from_latest" {}
variable "files" {}
variable "gallery_name" {}
variable "gallery_resource_group" {}
variable "image_name" {}
variable "image_version" {}
variable "location" {}
variable "replication_regions" {}
variable "scripts" {}
variable "subscription_id" {}
variable "tags" {}
variable "temp_resource_group_name" {}
variable "vm_size" {}

variable "flavour" {
  type = string
}

variable "password" {
  type      = string
  default   = null
  sensitive = true
}

variables {
  workers = 2
  debug   = false
}
