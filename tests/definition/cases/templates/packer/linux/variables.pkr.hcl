variable "vm_size" {
}

variable "flavour" {
}

variables {
  workers = 2
  debug   = false
}
