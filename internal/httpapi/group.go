package httpapi

import (
	"context"
	"net/url"

	"github.com/leastkey/leastkey/api"
)

// permissionGroups lists all groups on one page: no client asks for a second one, but those that
// page get an empty one.
func (a *API) permissionGroups(_ context.Context, c *call) (answer, error) {
	query := c.URL.Query()
	p, err := pagingOf(query)
	if err != nil {
		return answer{}, err
	}
	name, scope := decodedFully(query.Get("name")), decodedFully(query.Get("scope"))
	groups := []api.PermissionGroup{}
	for _, g := range a.control.Catalog().Groups() {
		r, _ := a.control.Catalog().Resource(g.Type)
		if name != "" && g.Name != name || scope != "" && r.Scope != scope {
			continue
		}
		groups = append(groups, api.PermissionGroup{ID: g.ID, Name: g.Name, Scopes: []string{r.Scope}, Category: g.Category})
	}
	info := api.ResultInfo{Page: p.page, PerPage: max(1, len(groups)), TotalPages: 1, TotalCount: len(groups)}
	if p.page > 1 {
		groups = nil
	}
	return erased(api.Page(groups, info)), nil
}

// decodedFully undoes percent-encoding until nothing is left of it: some clients encode twice.
func decodedFully(s string) string {
	for range 4 {
		decoded, err := url.QueryUnescape(s)
		if err != nil || decoded == s {
			return s
		}
		s = decoded
	}
	return s
}
