package web

import "time"

func (gallery) Delete() exhibit {
	const here = "/profile/api-tokens"
	back := Link{"Back to the token", here + "/1"}
	used := deletePage{
		Path: here + "/1", Name: hostile, May: hostile, Where: hostile, Status: Badge{Good, "Active"}, LastUsed: Moment{Time: noon().Add(-time.Hour)},
		Address: "2001:db8::17", Operation: "PATCH /client/v4/zones/{zone_id}/dns_records/{dns_record_id}", Typed: true,
	}
	return exhibit{page: "delete", fixtures: map[string]View{
		"empty":   {Title: "Delete Old CI", Nav: nobody(here), Back: back, Body: deletePage{Path: here + "/1", Name: "Old CI", May: "Cache Purge", Where: "Zone example.com", Status: Badge{Quiet, "Disabled"}, LastUsed: Moment{Else: "Never"}}},
		"full":    {Title: "Delete " + hostile, Nav: someone(here), Back: back, Body: used},
		"failing": {Title: "Delete " + hostile, Nav: someone(here), Back: back, Errors: []FieldError{{"name", "This is not the name of the token. Type it as it stands above."}}, Body: used},
	}}
}
