package web

import "net/http"

func (gallery) Failure() exhibit {
	return exhibit{page: "failure", fixtures: map[string]View{
		"empty":   Failure{Status: http.StatusNotFound}.view(Nav{}),
		"full":    Failure{Status: http.StatusForbidden, Text: "The token " + hostile + " is not yours.", Action: Link{"Go on", "/profile/audit"}}.view(someone("/profile/api-tokens")),
		"failing": Failure{Status: http.StatusInternalServerError}.view(nobody("/profile/api-tokens")),
	}}
}
