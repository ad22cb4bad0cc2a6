environment "local" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-local"

  tags = {
    team           = "shop"
    Check          = "passed"
    "web-serves"   = "web-1-0-0"
    "inputs-2"     = "none"
    "last-1.0"     = "1.0.9"
    "removing-web" = "run"
    environment    = "production"
    TEAM           = "ops"
    "a/b"          = "c"
    number         = 4711
  }

  gallery {
    name = "shop"
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }
}

environment "production" {
  subscription   = "b5a4e5a0-0000-4000-8000-000000000001"
  tenant         = "b5a4e5a0-0000-4000-8000-0000000000ff"
  location       = "westeurope"
  resource_group = "shop-production"
  tags           = { team = "shop" }

  gallery {
    name = "shop"
  }

  network {
    name    = "shop"
    managed = false
    subnet  = "machines"
  }

  load_balancer "web" {
    image = "web"

    instances {
      tags = { t0 = "", t1 = "", t2 = "", t3 = "", t4 = "", t5 = "", t6 = "", t7 = "", t8 = "", t9 = "", t10 = "", t11 = "", t12 = "", t13 = "", t14 = "", t15 = "", t16 = "", t17 = "", t18 = "", t19 = "", t20 = "", t21 = "", t22 = "", t23 = "", t24 = "", t25 = "", t26 = "", t27 = "", t28 = "", t29 = "", t30 = "", t31 = "", t32 = "", t33 = "", t34 = "", t35 = "", t36 = "", t37 = "", t38 = "" }
    }

    rule "http" {
      production_port = 80
      staging_port    = 8081
      backend_port    = 8080
    }
  }
}
