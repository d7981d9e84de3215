package web

import (
	"net/http"
	"strings"
	"time"
)

func triedForm(allowed bool) tryForm {
	form := tryForm{Method: http.MethodPatch, Path: hostile, Body: hostile, Address: "192.0.2.17", Answer: &tryAnswer{
		Read: "PATCH /client/v4/zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records/1", From: "192.0.2.17", Allowed: allowed,
		Why: []string{"A policy allows it, and its owner may do it too: May: DNS Write on zone " + hostile + "."}, Suffices: []string{"DNS Write"}, On: "zone " + hostile,
	}}
	if !allowed {
		form.Answer.Why = []string{"A policy denies it: May not: DNS Write on zone " + hostile + "."}
		form.Answer.Suffices = []string{"DNS Read", "DNS Write", hostile}
		form.Answer.Status, form.Answer.Would = http.StatusForbidden, "Authentication error: needs one of DNS Read, DNS Write on zone "+hostile
	}
	return form
}

func (gallery) Token() exhibit {
	const here = "/profile/api-tokens"
	const path = here + "/ed17574386854bf78a67040be0a770b0"
	const account = "/account/2c0b4f63d9504e1bc6f80ad3e7b92415"
	back := Link{"API tokens", here}
	used := Moment{Time: noon()}
	fresh := tokenPage{
		Name: "deploy-bot", ID: "ed17574386854bf78a67040be0a770b0", Path: path, Owner: "new@example.com", Status: Badge{Good, "Active"},
		Turn: Hidden{"status", "disabled"}, TurnText: "Disable", Made: used, Changed: used, LastUsed: Moment{Else: "Never"},
		Says: []sayLine{
			{Class: "may", Text: "May: DNS Write on zone one.example."},
			{Text: "Nothing else: no other permission, no other zone, no user and no account. It cannot make or change tokens or manage members."},
		},
		Where: "From any address", When: "Now, and without an end", JSON: "[]",
		Secrets: []knownSecret{{Tail: "e1f2", Made: used, LastUsed: Moment{Else: "Never"}, Until: Moment{Else: "Until it is rolled"}}},
		Log:     "/profile/audit?token=ed17574386854bf78a67040be0a770b0", Try: tryForm{Method: http.MethodGet, Address: "192.0.2.17"},
	}
	full := fresh
	full.Name, full.Owner, full.LastUsed = hostile, hostile, used
	many := strings.Split(strings.Repeat("zone "+hostile+"\n", 20), "\n")[:20]
	full.Says = []sayLine{
		{Class: "may", Text: "May: every Read permission on zones " + hostile + ", one.example and 18 more.", Groups: many, Places: many, Left: 4},
		{Class: "maynot", Text: "May not: DNS Write on zone " + hostile + "."},
		{Text: "A permission group that this catalogue no longer has (id 4755a26eedb94da69e1066d98aa820be): grants nothing."},
	}
	full.Where, full.When = "Only from 192.0.2.0/24 and 2001:db8::/32, but never from 192.0.2.128/25", "Until 2026-12-01 00:00 UTC (in 8 days)"
	full.Warnings = []string{"It may make tokens, and change, roll and delete those there are."}
	full.JSON = "[\n  {\n    \"effect\": \"allow\",\n    \"name\": \"" + hostile + "\"\n  }\n]"
	full.Secrets = append(full.Secrets, knownSecret{Tail: "9a0b", Made: used, LastUsed: used, Until: Moment{Time: noon().Add(time.Hour)}})
	full.Uses = []useRow{
		{At: used, Addr: "192.0.2.17", Operation: "PATCH /client/v4/zones/{zone_id}/dns_records/{dns_record_id}", Target: "zone " + hostile, Outcome: Badge{Good, "Allowed"}, Secret: "9a0b"},
		{At: used, Addr: "2001:db8::17", Operation: "GET /client/v4/zones/{zone_id}", Target: "zone", Outcome: Badge{Bad, "Refused"},
			Why: "The credential, or its owner, does not have the permission on this resource."},
		{At: used, Outcome: Badge{Bad, "Refused"}, Why: "There is no such operation."},
	}
	full.History = []auditRow{
		{At: used, Who: hostile, By: "token " + hostile, Did: "edited the token", Addr: "192.0.2.17", Changes: []Line{
			{"-", "Name: " + hostile}, {"+", "Name: deploy-bot"}}, LeftOut: 3},
		{At: used, Who: "The operator", Did: "made the token"},
	}
	full.Try = triedForm(true)
	failing := full
	failing.Status, failing.Turn, failing.TurnText, failing.JSON, failing.Secrets = Badge{Quiet, "Disabled"}, Hidden{"status", "active"}, "Enable", "", nil
	failing.Try = tryForm{Method: "BREW", Path: "", Address: "300.1.1.1"}
	return exhibit{page: "token", fixtures: map[string]View{
		"empty":   {Title: fresh.Name, Nav: nobody(here), Back: back, Body: fresh},
		"full":    {Title: hostile, Nav: someone(account + "/api-tokens"), Back: back, Notice: Notice{Text: hostile + " is enabled."}, Body: full},
		"failing": {Title: hostile, Nav: someone(here), Back: back, Errors: tryErrors(), Body: failing},
	}}
}

func tryErrors() []FieldError {
	return []FieldError{
		{"method", "Choose a method."}, {"path", "Write the path of a request, or paste its whole address."},
		{"address", "Write an IP address such as 192.0.2.7 or 2001:db8::7, or nothing for one that is not known."},
	}
}

func (gallery) TokenTry() exhibit {
	const path = "/profile/api-tokens/ed17574386854bf78a67040be0a770b0"
	return exhibit{page: "token", part: "try", fixtures: map[string]View{
		"allowed": {Body: tokenPage{Path: path, Try: triedForm(true)}},
		"full":    {Body: tokenPage{Path: path, Try: triedForm(false)}},
		"failing": {Errors: tryErrors(), Body: tokenPage{Path: path}},
	}}
}
