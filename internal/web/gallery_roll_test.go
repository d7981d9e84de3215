package web

import "time"

func (gallery) Roll() exhibit {
	const here = "/profile/api-tokens"
	one := knownSecret{Tail: "e1f2", Made: Moment{Time: noon().AddDate(0, -3, 0)}, LastUsed: Moment{Else: "Never"}, Until: Moment{Else: "Until it is rolled"}}
	old := knownSecret{Tail: "9a0b", Made: Moment{Time: noon().AddDate(0, -6, 0)}, LastUsed: Moment{Time: noon()}, Until: Moment{Time: noon().Add(time.Hour)}}
	const once = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
	back := Link{"Back to the token", here + "/1"}
	return exhibit{page: "roll", fixtures: map[string]View{
		"empty": {Title: "Roll deploy-bot", Nav: nobody(here), Back: back, Body: rollPage{Path: here + "/1", Overlap: "0", Once: once}},
		"full": {Title: "Roll " + hostile, Nav: someone(here), Back: back, Body: rollPage{
			Path: here + "/1", Secrets: []knownSecret{one, old}, Overlap: "24", Once: once,
			Notes: []string{"Two secrets work at this moment. The earlier one, which ends in 9a0b, stops at once when you roll again, whatever you choose here."},
		}},
		"failing": {Title: "Roll " + hostile, Nav: someone(here), Back: back, Errors: []FieldError{
			{"overlap", "Choose for how long the old secret works on."}, {"hours", "Type a whole number of hours from 0 to 168."}, {"password", "The password is not right."},
		}, Body: rollPage{Path: here + "/1", Secrets: []knownSecret{one}, Overlap: otherOverlap, Hours: "a week", Once: once, Confirm: proofAsked{true, hostile}}},
	}}
}
