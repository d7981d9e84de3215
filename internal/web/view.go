package web

import "slices"

// View is what a page is rendered from. Templates receive it as their dot, and in fragments too.
type View struct {
	Title  string // of the document, and its h1
	Nav    Nav
	Back   Link // to the page above this one; zero: there is none
	Notice Notice
	Errors []FieldError
	Body   any // what the page alone knows of
}

// Error is the first message about a field, or "".
func (v View) Error(field string) string {
	if i := slices.IndexFunc(v.Errors, func(e FieldError) bool { return e.Field == field }); i >= 0 {
		return v.Errors[i].Message
	}
	return ""
}

// FieldError is shown at the top of the page, where it links to the field, and beside the field.
type FieldError struct {
	Field   string // the field's name; "" when the error is about no field
	Message string // what is wrong, and what to do
}

// Notice tells what was just done.
type Notice struct {
	Tone Tone
	Text string
}

// Link leads to a page of the dashboard.
type Link struct{ Text, Href string }

// Nav is who looks at the page, and where they may go. The zero Nav is nobody: the page has no navigation.
type Nav struct {
	Email    string
	Accounts []NavAccount // of which the person is a member, in the order they are shown
	Current  string       // the path of the entry that the page belongs to
}

// NavAccount is an account to go to.
type NavAccount struct{ ID, Name string }

// NavLink is an entry of the navigation.
type NavLink struct {
	Link
	Current bool
	Within  bool      // the page belongs to the account, whichever entry of it
	Entries []NavLink // of the account that the page belongs to
}

// Profile are the entries about the person.
func (n Nav) Profile() []NavLink {
	return []NavLink{
		n.entry("API tokens", "/profile/api-tokens"),
		n.entry("Audit log", "/profile/audit"),
		n.entry("Sessions", "/profile/sessions"),
		n.entry("Password", "/profile/password"),
	}
}

// mostAccounts is how many accounts are shown without being asked for.
const mostAccounts = 6

// Shown are the accounts in sight: the first few, or, when there are many, the one that the page belongs to.
func (n Nav) Shown() []NavLink {
	shown := n.accounts()
	if len(shown) <= mostAccounts {
		return shown
	}
	return slices.DeleteFunc(shown, func(l NavLink) bool { return !l.Within })
}

// Folded are the accounts that are shown when asked for.
func (n Nav) Folded() []NavLink {
	all := n.accounts()
	if len(all) <= mostAccounts {
		return nil
	}
	return slices.DeleteFunc(all, func(l NavLink) bool { return l.Within })
}

func (n Nav) accounts() []NavLink {
	links := make([]NavLink, len(n.Accounts))
	for i, a := range n.Accounts {
		home := "/account/" + a.ID
		entries := []NavLink{n.entry("API tokens", home+"/api-tokens"), n.entry("Members", home+"/members"), n.entry("Audit log", home+"/audit")}
		links[i] = NavLink{Link: Link{a.Name, home + "/api-tokens"}}
		if slices.ContainsFunc(entries, func(e NavLink) bool { return e.Current }) {
			links[i].Within, links[i].Entries = true, entries
		}
	}
	return links
}

func (n Nav) entry(text, href string) NavLink {
	return NavLink{Link: Link{text, href}, Current: href == n.Current}
}
