package httpapi

// route joins an operation of the catalogue with what serves it.
type route struct {
	operation string
	handle    handler
	act       string // what it does, as audit rows have it; empty for a route that changes nothing
}

// table is every route of the control plane.
func (a *API) table() []route {
	const (
		user    = "/client/v4/user"
		account = "/client/v4/accounts/{account_id}"
	)
	routes := []route{
		{"GET " + user, a.user, ""},
		{"PATCH " + user, a.updateUser, "user.update"},
		{"GET /client/v4/memberships", a.memberships, ""},
		{"GET /client/v4/memberships/{membership_id}", a.membership, ""},
		{"PUT /client/v4/memberships/{membership_id}", a.answerMembership, "member.remove"},
		{"DELETE /client/v4/memberships/{membership_id}", a.leave, "member.remove"},

		{"GET /client/v4/accounts", a.accounts, ""},
		{"GET " + account, a.account, ""},
		{"PUT " + account, a.updateAccount, "account.update"},
		{"GET " + account + "/members", a.members, ""},
		{"POST " + account + "/members", a.addMember, "member.add"},
		{"GET " + account + "/members/{member_id}", a.member, ""},
		{"PUT " + account + "/members/{member_id}", a.updateMember, "member.update"},
		{"DELETE " + account + "/members/{member_id}", a.removeMember, "member.remove"},
		{"GET " + account + "/roles", a.roles, ""},
		{"GET " + account + "/roles/{role_id}", a.role, ""},

		{"GET /leastkey/v1/whoami", a.whoami, ""},
		{"POST /leastkey/v1/explain", a.explain, ""},
	}
	for _, owner := range []string{user, account} {
		tokens := owner + "/tokens"
		routes = append(routes,
			route{"GET " + tokens, a.tokens, ""},
			route{"POST " + tokens, a.createToken, "token.create"},
			route{"GET " + tokens + "/verify", a.verify, ""},
			route{"GET " + tokens + "/permission_groups", a.permissionGroups, ""},
			route{"GET " + tokens + "/{token_id}", a.token, ""},
			route{"PUT " + tokens + "/{token_id}", a.replaceToken, "token.update"},
			route{"DELETE " + tokens + "/{token_id}", a.deleteToken, "token.delete"},
			route{"PUT " + tokens + "/{token_id}/value", a.rollToken, "token.roll"},
		)
	}
	return routes
}
