image "web" {
  template = "linux"
  version  = "1.0

  base {
  }
}
