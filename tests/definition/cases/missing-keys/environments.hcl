environment "bare" {
}

environment "local" {
  cloud {
  }

  gallery {
  }

  network {
  }

  load_balancer "web" {
    rule "http" {
    }
  }
}
