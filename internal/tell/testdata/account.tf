resource "cloudflare_account_token" "n" {
  account_id = "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"
  name = "n"
  policies = [
    {
      effect = "allow"
      permission_groups = [
        { id = "00000000000000000000000000000002" }, # DNS Write
      ]
      resources = jsonencode({
        "com.example.api.account.zone.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" = "*"
      })
    },
  ]
}
