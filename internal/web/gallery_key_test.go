package web

import "github.com/leastkey/leastkey/internal/control"

// keyFixture is what is known of a key of somebody with the e-mail address.
func keyFixture(i int, email string) keyPage {
	key := legacyKeys(&visit{user: control.User{Email: email}})[i]
	return keyPage{
		Key: key, Exists: true, Tail: "c41d", Made: Moment{Time: noon().AddDate(-2, 0, 0)}, LastUsed: Moment{Time: noon()},
		Headers: key.headers[0] + "\nX-Auth-Key: <the key>", Once: "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
	}
}

func (gallery) Key() exhibit {
	const here = "/profile/api-tokens"
	back := Link{"API tokens", here}
	off := keyFixture(0, hostile)
	off.Disabled = true
	return exhibit{page: "key", fixtures: map[string]View{
		"empty":   {Title: "Origin CA Key", Nav: nobody(here), Back: back, Body: keyPage{Key: legacyKeys(&visit{})[1]}},
		"full":    {Title: "Global API Key", Nav: someone(here), Back: back, Body: keyFixture(0, hostile)},
		"off":     {Title: "Global API Key", Nav: someone(here), Back: back, Body: off},
		"failing": {Title: "Global API Key", Nav: someone(here), Back: back, Errors: []FieldError{{"", "The key was changed in another window."}}, Body: keyFixture(0, "ada@example.com")},
	}}
}

func (gallery) KeyChange() exhibit {
	const here = "/profile/api-tokens"
	back := Link{"Global API Key", "/profile/global-api-key"}
	asked := keyFixture(0, "ada@example.com")
	asked.Confirm.Needed = true
	return exhibit{page: "key-change", fixtures: map[string]View{
		"empty":   {Title: "Change the Origin CA Key", Nav: nobody(here), Back: back, Body: keyPage{Key: legacyKeys(&visit{})[1], Once: asked.Once}},
		"full":    {Title: "Change the Global API Key", Nav: someone(here), Back: back, Body: keyFixture(0, "ada@example.com")},
		"failing": {Title: "Change the Global API Key", Nav: someone(here), Back: back, Errors: []FieldError{{"password", "The password is not right."}}, Body: asked},
	}}
}
