package httpapi

import (
	"math"
	"net/url"
	"strconv"

	"github.com/leastkey/leastkey/api"
)

// paging is what a client asked for: page from 1, items per page.
type paging struct{ page, perPage int }

const (
	defaultPerPage = 20
	mostPerPage    = 50
)

// pagingOf reads page and per_page. More than the most per page is the most.
func pagingOf(q url.Values) (paging, error) {
	p := paging{1, defaultPerPage}
	for _, field := range []struct {
		name string
		to   *int
	}{{"page", &p.page}, {"per_page", &p.perPage}} {
		text := q.Get(field.name)
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return p, &api.FieldError{Message: "the query's " + field.name + " must be a whole number from 1"}
		}
		*field.to = n
	}
	p.perPage = min(p.perPage, mostPerPage)
	return p, nil
}

// descendingOf reads direction: lists come oldest first unless it is desc.
func descendingOf(q url.Values) (bool, error) {
	switch q.Get("direction") {
	case "", "asc":
		return false, nil
	case "desc":
		return true, nil
	default:
		return false, &api.FieldError{Message: "the query's direction must be asc or desc"}
	}
}

// paged answers one page of a list. Past the end it is empty: newer clients ask for the next
// page until it is.
func paged[T any](all []T, p paging) (answer, error) {
	return pagedAs(all, p, func(item T) T { return item })
}

// pagedAs is paged for what is shown in another form, which only the items of the page are put into.
func pagedAs[T, S any](all []T, p paging, show func(T) S) (answer, error) {
	from := len(all)
	if p.page-1 < (len(all)+p.perPage-1)/p.perPage {
		from = (p.page - 1) * p.perPage
	}
	return pageOf(all[from:min(from+p.perPage, len(all))], len(all), p, show)
}

// pageOf is pagedAs for the items of the page alone, of so many in all.
func pageOf[T, S any](part []T, total int, p paging, show func(T) S) (answer, error) {
	shown := make([]S, len(part))
	for i, item := range part {
		shown[i] = show(item)
	}
	return erased(api.Page(shown, api.PageOf(p.page, p.perPage, total))), nil
}

// offset is how many items come before the page.
func (p paging) offset() int {
	if p.page > math.MaxInt/p.perPage {
		return math.MaxInt
	}
	return (p.page - 1) * p.perPage
}

func erased[T any](e api.Envelope[T]) answer {
	return answer{Result: e.Result, Success: e.Success, Errors: e.Errors, Messages: e.Messages, ResultInfo: e.ResultInfo}
}
