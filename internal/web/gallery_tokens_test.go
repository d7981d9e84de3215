package web

import "time"

// tokensFixture is a list with tokens of every sort.
func tokensFixture() tokensPage {
	const home = "/profile"
	row := func(name string, line tokenLine, status Badge, note string, used, ends Moment) tokenRow {
		const path = home + "/api-tokens/1"
		return tokenRow{tokenLine: line, Name: name, Path: path, Status: status, Note: note, LastUsed: used, Expires: ends, Menu: Menu{
			Label: "Actions for " + name,
			Items: []MenuItem{
				{Text: "View", Href: path}, {Text: "Roll", Href: path + "/roll"},
				{Text: "Disable", Action: path + "/status", Fields: []Hidden{{"status", "disabled"}, {"list", "q=a&page=2"}}},
				{Text: "Delete", Href: path + "/delete", Danger: true},
			},
		}}
	}
	used, never, noEnd := Moment{Time: noon()}, Moment{Else: "Never"}, Moment{Else: "No end"}
	return tokensPage{
		Home: home, Any: true, Query: listQuery{Text: hostile, Status: "active", Page: 2},
		Rows: []tokenRow{
			row("deploy-bot", tokenLine{"DNS Write", "Zone example.com", "from 192.0.2.0/24, +2 more"}, Badge{Good, "Active"}, "Two secrets work", used, noEnd),
			row("Next year", tokenLine{"DNS Read, Zone Read, +3 more", "Every zone of account Example Inc.", ""}, Badge{Accent, "Not yet valid"}, "From 2027-01-01 00:00 UTC", never, noEnd),
			row("Old CI", tokenLine{"Nothing", "Nowhere", ""}, Badge{Quiet, "Disabled"}, "", never, noEnd),
			row(hostile, tokenLine{hostile, hostile, "not from 2001:db8::/32"}, Badge{Bad, "Expired"}, "", used, Moment{Time: noon().Add(-time.Hour)}),
		},
		Pager: Pager{"51 to 54 of 54", home + "/api-tokens?q=a", ""},
		Keys:  []keyPage{keyFixture(0, "ada@example.com"), {Key: keyFixture(1, "").Key}},
	}
}

func (gallery) Tokens() exhibit {
	const here = "/profile/api-tokens"
	full := tokensFixture()
	none := tokensPage{Home: "/profile", Template: Link{"Edit zone DNS", here + "/new?template=1"}, Keys: full.Keys}
	account := "/account/2c0b4f63d9504e1bc6f80ad3e7b92415"
	return exhibit{page: "tokens", fixtures: map[string]View{
		"empty":         {Title: "API tokens", Nav: nobody(here), Body: none},
		"empty-account": {Title: "API tokens of " + hostile, Nav: someone(account + "/api-tokens"), Body: tokensPage{Home: account, Account: true}},
		"full":          {Title: "API tokens", Nav: someone(here), Notice: Notice{Text: hostile + " is enabled."}, Body: full},
		"no-match":      {Title: "API tokens", Nav: someone(here), Body: tokensPage{Home: "/profile", Any: true, Query: full.Query}},
		"failing":       {Title: "API tokens", Nav: someone(here), Errors: []FieldError{{"", "The list could not be read whole."}}, Body: full},
	}}
}

func (gallery) TokensFound() exhibit {
	return exhibit{page: "tokens", part: "found", fixtures: map[string]View{
		"full":  {Body: tokensFixture()},
		"empty": {Body: tokensPage{Home: "/profile", Any: true}},
	}}
}
