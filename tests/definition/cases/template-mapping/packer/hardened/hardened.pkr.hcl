variable "sig_gallery" {}
variable "sig_image" {}
variable "sig_version" {}
variable "instance_type" {}
variable "label" {}
variable "arm_secret" {}
variable "both" {
  sensitive = true
}
variable "vault" {
  sensitive = true
}
variable "packages" {
  type = list(string)
}
variable "publish" {
  default = true
}

source "azure-arm" "rocky" {
  client_secret = var.arm_secret

  shared_gallery_image_version_exclude_from_latest = var.publish

  shared_image_gallery_destination {
    gallery_name  = var.sig_gallery
    image_name    = "worker"
    image_version = "${var.sig_version}"
  }
}

build {
  sources = ["source.azure-arm.rocky"]
}
