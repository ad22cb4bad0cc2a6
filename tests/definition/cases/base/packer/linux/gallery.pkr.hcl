variable "base_gallery_image_name" {}
variable "base_gallery_name" {}
