package web

func (gallery) Audit() exhibit {
	const here = "/profile/audit"
	const account = "/account/2c0b4f63d9504e1bc6f80ad3e7b92415"
	const token = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	at := Moment{Time: noon()}
	rows := []auditRow{
		{At: at, Who: "ada@example.com", By: "this session", Did: "edited the token", What: hostile, WhatPath: "/profile/api-tokens/1",
			OnlyWho: account + "/audit?actor=1", OnlyWhat: account + "/audit?token=" + token, Addr: "2001:db8::17",
			Changes: []Line{{"-", "Name: deploy-bot"}, {"+", "Name: " + hostile}}, LeftOut: 12},
		{At: at, Who: hostile, By: "token " + hostile, Did: "deleted the token", What: hostile, Addr: "192.0.2.17"},
		{At: at, Who: "ada@example.com", By: "token deploy-bot", Did: "was refused to make the token", Addr: "192.0.2.17", Refused: "the credential that makes the token does not have DNS Write on zone " + hostile},
		{At: at, Who: "The operator", Did: "made the user", What: "ada@example.com", Changes: []Line{{"+", "email: ada@example.com"}}},
		{At: at, Who: "ada@example.com", By: "this session", Did: "signed in", Addr: "192.0.2.17", Changes: []Line{{"+", "agent: " + hostile}}},
	}
	full := auditPage{
		Home: account, Account: true, Query: auditQuery{"2026-11-01", "2026-11-23", hostile, token, "99"}, Members: []string{"ada@example.com", hostile},
		Rows: rows, Newest: account + "/audit?token=" + token, Older: account + "/audit?before=41", CSV: account + "/audit.csv", Most: mostExported,
	}
	none := auditPage{Home: "/profile", CSV: "/profile/audit.csv", Most: mostExported}
	nothing := none
	nothing.Query = auditQuery{Token: token}
	wrong := full
	wrong.Rows = nil
	return exhibit{page: "audit", fixtures: map[string]View{
		"empty":    {Title: "Audit log", Nav: nobody(here), Body: none},
		"no-match": {Title: "Audit log", Nav: someone(here), Body: nothing},
		"full":     {Title: "Audit log of " + hostile, Nav: someone(account + "/audit"), Body: full},
		"failing": {Title: "Audit log of " + hostile, Nav: someone(account + "/audit"), Body: wrong, Errors: []FieldError{
			{"from", "Write the day as in 2026-11-23."}, {"to", "The last day must not be before the first."},
			{"actor", "No member has this e-mail address. People who left are found by their id."}, {"token", "The id of a token has 32 characters."},
		}},
	}}
}
