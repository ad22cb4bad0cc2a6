# The image begins in line 2.
image "web" {
  base {
  }

  build {
  }

  scale_set {
  }

  health {
  }
}
