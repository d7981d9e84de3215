package web

func (gallery) Secret() exhibit {
	const here = "/profile/api-tokens"
	const secret = "lkut_4f9sK2mQ8xW1zR7bT5nC3vJ6hL0pY2dG8aE1x7Qu1b2c3d4e"
	done := Link{"Done", here + "/1"}
	full := shownOnce{
		Secret: Secret{"The secret of " + hostile, secret},
		Notes:  []string{"The secret ending in e1f2 works until 2026-11-30 12:00 UTC."},
		Curl:   curl("https://tokens.example.com/client/v4/user/tokens/verify", "Authorization: Bearer "+secret),
		Verify: here + "/verify",
		Done:   done,
	}
	steps, _ := steps(4, "Start", "Permissions", "Summary", "Done")
	return exhibit{page: "secret", fixtures: map[string]View{
		"empty":   {Title: "Your Origin CA Key", Nav: nobody(here), Body: shownOnce{Secret: Secret{"Origin CA Key", "v1.0-0-0"}, Done: done}},
		"full":    {Title: "Rolled " + hostile, Nav: someone(here), Body: full},
		"made":    {Title: "Token created", Nav: someone(here), Body: shownOnce{Secret: full.Secret, Steps: steps, Curl: full.Curl, Verify: full.Verify, Done: done}},
		"failing": {Title: "Rolled " + hostile, Nav: someone(here), Errors: []FieldError{{"", "The secret could not be verified just now."}}, Body: full},
	}}
}
