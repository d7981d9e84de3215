package web

// Route is one kind of request, for tests that hold every one to the same.
type Route struct {
	Method, Path string
	Open         bool // to people who are not signed in
}

// Routes lists all that the dashboard answers but static files.
func (s *Site) Routes() []Route {
	var all []Route
	for _, r := range s.routes() {
		all = append(all, Route{r.method, r.path, r.access == open})
	}
	return all
}
