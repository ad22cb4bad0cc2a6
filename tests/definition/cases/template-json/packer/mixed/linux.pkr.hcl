source "azure-arm" "linux" {}
