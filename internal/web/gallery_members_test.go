package web

func rolesFixture() []Option {
	return []Option{
		{Value: "6f1d2a0000000000000000000000000a", Label: "Administrator", Hint: "Everything in the account but its members and settings"},
		{Value: "6f1d2a0000000000000000000000000b", Label: hostile, Hint: hostile},
	}
}

func (gallery) Members() exhibit {
	const home = "/account/2c0b4f63d9504e1bc6f80ad3e7b92415"
	rows := []memberRow{
		{Path: home + "/members/1", Email: "ada@example.com", Name: "Ada Lindqvist", Roles: "Super Administrator", Since: Moment{Time: noon()}, You: true},
		{Path: home + "/members/2", Email: hostile, Name: hostile, Roles: "DNS, " + hostile, Since: Moment{Time: noon()}, Disabled: true},
	}
	full := membersBody{Home: home, Rows: rows, Change: true, Roles: rolesFixture()}
	wrong := full
	wrong.Email, wrong.Chosen = hostile, []string{rolesFixture()[1].Value}
	return exhibit{page: "members", fixtures: map[string]View{
		"empty": {Title: "Members of " + hostile, Nav: someone(home + "/members"), Body: membersBody{Home: home, Rows: rows[:1]}},
		"full":  {Title: "Members of " + hostile, Nav: someone(home + "/members"), Body: full},
		"failing": {Title: "Members of " + hostile, Nav: someone(home + "/members"), Body: wrong, Errors: []FieldError{
			{"email", "No user has the e-mail address nobody@example.com; the operator makes users."}, {"roles", "Choose at least one role."},
		}},
	}}
}

func (gallery) Member() exhibit {
	const home = "/account/2c0b4f63d9504e1bc6f80ad3e7b92415"
	back := Link{"Members", home + "/members"}
	plain := memberBody{memberRow: memberRow{Path: home + "/members/1", Email: "ada@example.com", Roles: "Administrator", Since: Moment{Time: noon()}, You: true}, Account: "Example Inc."}
	full := memberBody{
		memberRow: memberRow{Path: home + "/members/2", Email: hostile, Name: hostile, Roles: hostile, Since: Moment{Time: noon()}, Disabled: true},
		Account:   hostile, Change: true, Options: rolesFixture(), Chosen: []string{rolesFixture()[1].Value},
	}
	asks := full
	asks.Ask = &memberAsk{
		Action: home + "/members/2/roles", Title: "Change the roles to " + hostile + "?", Lines: []string{"2 tokens and keys of theirs can do less in this account from then on, with the next request."},
		Button: "Change roles", Fields: []Hidden{{"roles", rolesFixture()[0].Value}},
	}
	view := func(body memberBody, problems ...FieldError) View {
		return View{Title: body.Email, Nav: someone(home + "/members"), Back: back, Errors: problems, Body: body}
	}
	return exhibit{page: "member", fixtures: map[string]View{
		"empty": view(plain), "full": view(full), "asking": view(asks), "failing": view(full, FieldError{"roles", "Choose at least one role."}),
	}}
}
