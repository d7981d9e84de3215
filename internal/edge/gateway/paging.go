package gateway

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// pageRequest is which part of a list the caller asks for.
type pageRequest struct {
	page, perPage int
	rest          string // the query without the two, byte for byte
}

// maxPage keeps arithmetic with pages within an int.
const maxPage = 1_000_000_000

// readPaging takes the paging out of the query. A page size above the most that the catalogue
// allows becomes the most, as the answer then says.
func readPaging(query string, p *catalog.Paging) (pageRequest, *failure) {
	if p == nil {
		return pageRequest{rest: query}, nil
	}
	asked := pageRequest{page: 1, perPage: p.Default}
	var rest []string
	seen := map[string]bool{}
	for parameter := range strings.SplitSeq(query, "&") {
		raw, value, _ := strings.Cut(parameter, "=")
		name, err := url.QueryUnescape(raw)
		if err != nil {
			return asked, ambiguous("a query parameter's name cannot be decoded")
		}
		var into *int
		switch {
		case name == p.Page:
			into = &asked.page
		case name == p.PerPage:
			into = &asked.perPage
		case strings.EqualFold(name, p.Page) || strings.EqualFold(name, p.PerPage):
			return asked, ambiguous("write the query parameters " + p.Page + " and " + p.PerPage + " in exactly this case")
		case parameter != "":
			rest = append(rest, parameter)
			continue
		default:
			continue
		}
		if seen[name] {
			return asked, ambiguous("the query parameter " + name + " occurs twice")
		}
		seen[name] = true
		if value == "" {
			continue
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < 1 || n > maxPage || strconv.Itoa(n) != value {
			return asked, &failure{status: http.StatusBadRequest, code: api.CodeInvalidRequest,
				message: "The query parameter " + name + " must be a whole number from 1"}
		}
		*into = n
	}
	asked.perPage = min(asked.perPage, p.Most)
	asked.rest = strings.Join(rest, "&")
	return asked, nil
}

// upstream is the query with which the upstream is asked for a page of its own, the largest that
// there is. Without paging it is the caller's query.
func (a pageRequest) upstream(query string, p *catalog.Paging, page int) string {
	if p == nil {
		return query
	}
	paging := url.QueryEscape(p.Page) + "=" + strconv.Itoa(page) + "&" + url.QueryEscape(p.PerPage) + "=" + strconv.Itoa(p.Most)
	if a.rest == "" {
		return paging
	}
	return a.rest + "&" + paging
}

// cut gives the items of the page; beyond the end there are none.
func (a pageRequest) cut(items []listed) []listed {
	from := min((a.page-1)*a.perPage, len(items))
	return items[from:min(from+a.perPage, len(items))]
}
