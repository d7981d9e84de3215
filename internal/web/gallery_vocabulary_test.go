package web

import "time"

// Vocabulary shows every partial, so that the style can be looked at as one.
func (gallery) Vocabulary() exhibit {
	const here = "/profile/api-tokens"
	full := vocabularyBody()
	return exhibit{page: "vocabulary", fixtures: map[string]View{
		"empty": {Title: "API tokens", Nav: nobody(here), Body: map[string]any{"Statuses": full["Statuses"], "Tokens": nil}},
		"full": {
			Title: "API tokens", Nav: someone(here), Back: Link{"All tokens", here}, Body: full,
			Notice: Notice{Text: "deploy-bot was disabled."},
		},
		"failing": {
			Title: "API tokens", Nav: someone("/account/2c0b4f63d9504e1bc6f80ad3e7b92415/api-tokens"), Body: full,
			Errors: []FieldError{
				{"name", "Give the token a name of 1 to 120 characters."},
				{"group", "No permission group for zones is called “DNSS”."},
				{"where", "Choose where the permissions hold."},
				{"addresses", "“300.1.1.1” is not an address or range such as 192.0.2.0/24."},
				{"password", "The password is not right."},
				{"", "The token was changed by someone else since you opened it."},
			},
		},
	}}
}

func vocabularyBody() map[string]any {
	row := func(name, may, where string, status Badge, used, ends Moment) map[string]any {
		return map[string]any{"Name": name, "May": may, "Where": where, "Status": status, "LastUsed": used, "Expires": ends, "Menu": Menu{
			Label: "Actions for " + name,
			Items: []MenuItem{
				{Text: "View", Href: "/profile/api-tokens/1"}, {Text: "Edit", Href: "/profile/api-tokens/1/edit"}, {Text: "Roll", Href: "/profile/api-tokens/1/roll"},
				{Text: "Disable", Action: "/profile/api-tokens/1/status", Fields: []Hidden{{"status", "disabled"}}},
				{Text: "Delete", Href: "/profile/api-tokens/1/delete", Danger: true},
			},
		}}
	}
	used, ends := Moment{Time: noon().Add(-26 * time.Minute)}, Moment{Time: noon().AddDate(0, 3, 0)}
	return map[string]any{
		"Proof": proofAsked{Needed: true}, "Now": noon(), "Never": time.Time{}, "Name": hostile,
		"Statuses": []Option{{Value: "", Label: "Any status"}, {Value: "active", Label: "Active"}, {Value: "disabled", Label: "Disabled"}},
		"Types":    []Option{{Value: "account", Label: "Account"}, {Value: "zone", Label: "Zone"}, {Value: "user", Label: "User"}},
		"Levels":   []Option{{Value: "read", Label: "Read"}, {Value: "edit", Label: "Edit"}},
		"Where": []Option{
			{Value: "one", Label: "One zone"}, {Value: "account", Label: "Every zone of an account", Hint: "Zones that are added later are among them."},
			{Value: "all", Label: "Every zone", Hint: "Of every account that you are a member of, now and later."},
		},
		"Tokens": []any{
			row("deploy-bot", "DNS: edit", "example.com", Badge{Good, "Active"}, used, ends),
			row("Backup of all zones", "DNS: read, Zone: read, and 3 more", "Every zone of Example Inc.", Badge{Good, "Active"}, used, Moment{Else: "No end"}),
			row("Old CI", "Cache: purge", "3 zones", Badge{Quiet, "Disabled"}, Moment{Else: "Never"}, Moment{Else: "No end"}),
			row("Certificates", "SSL and Certificates: edit", "example.com and 2 more", Badge{Warn, "Two secrets"}, used, ends),
			row(hostile, hostile, hostile, Badge{Bad, "Expired"}, used, Moment{Time: noon().AddDate(0, 0, -2)}),
		},
		"Pager": Pager{Text: "51 to 100 of 500", Prev: "?before=100", Next: "?before=50"},
		"Cards": []Card{
			{Title: "Edit zone DNS", Text: "For dynamic DNS and certificates by DNS.", Lines: []string{"DNS: edit, on the zones you choose"}, Action: Link{"Use template", "/profile/api-tokens/new?template=1"}},
			{Title: "Read billing info", Text: "For the books.", Lines: []string{"Billing: read, on the accounts you choose"}, Action: Link{"Use template", "/profile/api-tokens/new?template=2"}},
			{Title: "Create additional tokens", Text: "May make other tokens.", Lines: []string{"API Tokens: edit, for you"}, Action: Link{"Use template", "/profile/api-tokens/new?template=3"}},
			{Title: hostile, Text: hostile, Lines: []string{hostile}, Action: Link{"Use template", "/profile/api-tokens/new?template=4"}},
		},
		"Warnings": []string{"The token never ends.", "It may edit every zone of Example Inc."},
		"JSON":     "[\n  {\n    \"effect\": \"allow\",\n    \"permission_groups\": [{\"id\": \"4755a26eedb94da69e1066d98aa820be\", \"name\": \"DNS Write\"}],\n    \"resources\": {\"com.cloudflare.api.account.zone.023e105f4ecef8ad9ca31a8372d0c353\": \"*\"}\n  }\n]",
		"Diff": []Line{
			{"", "DNS: edit, on example.com"}, {"-", "Works until 2026-12-01 00:00 UTC"}, {"+", "Works until 2027-02-23 12:00 UTC"}, {"+", hostile},
		},
	}
}
