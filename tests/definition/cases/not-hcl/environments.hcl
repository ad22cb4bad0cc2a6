environment "local" {
  subscription = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant =
}
