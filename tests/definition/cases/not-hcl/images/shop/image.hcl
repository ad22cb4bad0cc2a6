image "shop" {
  template = "li\nux\d"
}
