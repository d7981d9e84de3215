resource "cloudflare_api_token" "token_7_quotes_x_y_z" {
  name = "7 \"quotes\" \u0024{x} $\u0024{y} \u0025{z} \\ \u202e😀"
  status = "disabled"
  not_before = "2030-01-01T12:00:00Z"
  expires_on = "2030-02-01T12:00:00Z"
  policies = [
    {
      effect = "allow"
      permission_groups = [
        { id = "00000000000000000000000000000002" }, # DNS Write
        { id = "00000000000000000000000000000008" }, # Balance Read
      ]
      resources = jsonencode({
        "com.example.api.account.eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee" = {
          "com.example.api.account.zone.*" = "*"
        }
        "com.example.api.account.zone.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" = "*"
        "com.example.api.account.load_balancer.$\"{x}" = "*"
      })
    },
    {
      effect = "deny"
      permission_groups = [
        { id = "00000000000000000000000000000002" }, # DNS Write
      ]
      resources = jsonencode({
        "com.example.api.account.eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee" = {
          "com.example.api.account.zone.*" = "*"
        }
      })
    },
    {
      effect = "deny"
      permission_groups = [
        { id = "c1fde68c7bcc44588cbb6ddbc16d6480" }, # Account Settings Read
      ]
      resources = jsonencode({
        "com.example.api.account.eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee" = "*"
      })
    },
  ]
  condition = {
    request_ip = {
      in = ["192.0.2.0/24", "2001:db8::1"]
      not_in = ["192.0.2.7"]
    }
  }
}
