image "shop" {
}
