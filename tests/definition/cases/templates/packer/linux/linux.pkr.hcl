source "null" "linux" {
}

variable "image_name" {
}

build {
  sources = ["source.null.linux"]
}
