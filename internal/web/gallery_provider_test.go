package web

func (gallery) Leave() exhibit {
	view := func(name, address string, errs ...FieldError) View {
		return View{Title: "Going to " + name, Body: leaveBody{name, address}, Errors: errs}
	}
	return exhibit{page: "leave", fixtures: map[string]View{
		"empty":   view("Example ID", "https://login.example.com/authorize"),
		"full":    view(hostile, "https://login.example.com/authorize?state=%22%3E%3Cscript%3E"),
		"failing": view("Example ID", "https://login.example.com/", FieldError{Message: "Example ID does not answer."}),
	}}
}

func (gallery) ConfirmPage() exhibit {
	view := func(nav Nav, name, email string, errs ...FieldError) View {
		return View{Title: "Confirm who you are", Nav: nav, Body: confirmBody{name, email}, Errors: errs}
	}
	return exhibit{page: "confirm", fixtures: map[string]View{
		"empty":   view(nobody(""), "Example ID", "new@example.com"),
		"full":    view(someone(""), hostile, hostile),
		"failing": view(nobody(""), "Example ID", "new@example.com", FieldError{Message: "Example ID did not sign you in."}),
	}}
}
