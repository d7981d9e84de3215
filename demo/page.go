package demo

import (
	"net/url"
	"strconv"
	"strings"
)

// pageInfo is result_info. per_page is what was used, which may be less than what was asked for.
type pageInfo struct {
	Page       int `json:"page"`
	PerPage    int `json:"per_page"`
	TotalPages int `json:"total_pages"`
	Count      int `json:"count"`
	TotalCount int `json:"total_count"`
}

const maxPage = 1 << 30 // page x per_page must fit in 63 bits

// parsePage reads page and per_page, with their default and largest value.
func parsePage(v url.Values, perPage, most int) (pageInfo, error) {
	info := pageInfo{Page: 1, PerPage: perPage}
	for name, field := range map[string]*int{"page": &info.Page, "per_page": &info.PerPage} {
		if !v.Has(name) {
			continue
		}
		n, err := strconv.Atoi(v.Get(name))
		if err != nil {
			return info, bad(codeInvalid, "The query parameter %s must be a whole number", name)
		}
		*field = max(n, 1)
	}
	info.Page = min(info.Page, maxPage)
	info.PerPage = min(info.PerPage, most)
	return info, nil
}

func (i pageInfo) offset() int { return (i.Page - 1) * i.PerPage }

func (i pageInfo) of(count, total int) *pageInfo {
	i.Count, i.TotalCount = count, total
	i.TotalPages = (total + i.PerPage - 1) / i.PerPage
	return &i
}

// parseOrder maps the query parameters order and direction to SQL by a fixed list of columns.
// Ties, and lists without an order, go by age, so that pages never overlap.
func parseOrder(v url.Values, table string, columns ...string) (string, error) {
	descending, err := parseDirection(v)
	if err != nil {
		return "", err
	}
	way := ""
	if descending {
		way = " DESC"
	}
	name := strings.ReplaceAll(v.Get("order"), ".", "_")
	if name == "" {
		return table + ".seq" + way, nil
	}
	for _, c := range columns {
		if c == name {
			return table + "." + c + way + ", " + table + ".seq" + way, nil
		}
	}
	return "", bad(codeInvalid, "The query parameter order must be one of: %s", strings.Join(columns, ", "))
}

func parseDirection(v url.Values) (descending bool, err error) {
	switch strings.ToLower(v.Get("direction")) {
	case "", "asc":
		return false, nil
	case "desc":
		return true, nil
	}
	return false, bad(codeInvalid, "The query parameter direction must be asc or desc")
}

// filter collects conditions of a list.
type filter struct {
	terms []string
	args  []any
}

func (f *filter) add(term string, args ...any) {
	f.terms = append(f.terms, term)
	f.args = append(f.args, args...)
}

// where joins the conditions as the query parameter match says: all (the default) or any.
func (f *filter) where(v url.Values) (string, error) {
	joint := " AND "
	switch strings.ToLower(v.Get("match")) {
	case "", "all":
	case "any":
		joint = " OR "
	default:
		return "", bad(codeInvalid, "The query parameter match must be all or any")
	}
	if len(f.terms) == 0 {
		return "1", nil
	}
	return "(" + strings.Join(f.terms, joint) + ")", nil
}
