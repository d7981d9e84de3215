package config

import (
	"fmt"
	"net/url"
	"strings"
)

// OIDC is the OpenID provider at which people can sign in; without an Issuer they cannot.
type OIDC struct {
	Issuer      string
	ClientID    string
	Secret      string
	Name        string   // what people call it
	Scopes      []string // besides openid, email and profile
	CreateUsers bool
	Rules       []Membership
}

// Membership is a rule: whose claim is so has the roles in the account.
type Membership struct {
	Account string   // name or id
	Roles   []string // names
	Claim   string
	Is      string
	Where   string // where the roles stand, "leastkey.yaml:12"
}

func (r *reader) signIn(url string) (o OIDC) {
	const at = "sign_in.oidc"
	if r.fields[at].line == 0 {
		if r.fields["sign_in"].line > 0 {
			r.wrongAt("sign_in", "say at which provider, with oidc: {issuer: ..., client_id: ..., client_secret: {env: ...}}")
		}
		return OIDC{}
	}
	if url == "" {
		r.wrongAt(at, "the provider sends people back to this site: say at the top how they reach it, such as url: https://tokens.example.com")
	}
	o.Issuer = r.issuer(at + ".issuer")
	o.ClientID, o.Name = r.at(at+".client_id"), r.at(at+".name")
	if o.ClientID == "" {
		r.wrongAt(at+".client_id", "say what the provider calls this client")
	}
	if o.Name == "" {
		o.Name = hostOf(o.Issuer)
	}
	o.Secret, _ = r.secret(at + ".client_secret")
	for _, item := range r.fields[at+".scopes"].items {
		if item.text == "" || strings.ContainsFunc(item.text, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
			r.wrong(item.line, "%s.scopes: %q is not a scope, such as groups", at, item.text)
		}
		o.Scopes = append(o.Scopes, item.text)
	}
	switch text := r.at(at + ".create_users"); text {
	case "", "false":
	case "true":
		o.CreateUsers = true
	default:
		r.wrongAt(at+".create_users", "%q is neither true nor false", text)
	}
	for i := range r.fields[at+".accounts"].items {
		o.Rules = append(o.Rules, r.membership(fmt.Sprintf("%s.accounts[%d]", at, i)))
	}
	return o
}

func (r *reader) membership(at string) Membership {
	m := Membership{Account: r.at(at + ".account"), Claim: r.at(at + ".when.claim"), Is: r.at(at + ".when.is")}
	if m.Account == "" {
		r.wrongAt(at+".account", "write the name or the id of an account")
	}
	if m.Claim == "" || m.Is == "" {
		r.wrongAt(at+".when", "say of whom it holds, such as {claim: groups, is: dns-team}")
	}
	roles := r.fields[at+".roles"]
	m.Where = fmt.Sprintf("%s:%d", r.file, roles.line)
	for _, item := range roles.items {
		m.Roles = append(m.Roles, item.text)
	}
	if len(m.Roles) == 0 {
		r.wrongAt(at+".roles", "name at least one role, such as [Administrator]; `leastkey role list` has them")
	}
	return m
}

// issuer reads what a provider calls itself. Whoever can answer in its place can sign in as anybody.
func (r *reader) issuer(at string) string {
	text := r.at(at)
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		r.wrongAt(at, "%q is not what a provider calls itself, such as https://login.example.com", text)
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		r.wrongAt(at, "%q needs https: whoever can answer in its place can sign in as anybody", text)
	}
	return text
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
