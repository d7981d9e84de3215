package web

func (gallery) SignIn() exhibit {
	return exhibit{page: "signin", fixtures: map[string]View{
		"empty": signInView(signInBody{Next: "/"}),
		"full":  signInView(signInBody{Email: hostile, Next: "/profile/audit?q=" + "%22%3E%3Cscript%3E", Provider: hostile}),
		"failing": signInView(signInBody{Email: "ada", Next: "/"},
			FieldError{"email", "Enter your e-mail address."}, FieldError{"password", "Enter your password."}, FieldError{"", "Too many attempts. Try again in 30 seconds."}),
	}}
}

func (gallery) SignInLink() exhibit {
	view := func(nav Nav, body linkBody, errs ...FieldError) View {
		return View{Title: "Sign in with a link", Nav: nav, Body: body, Errors: errs}
	}
	return exhibit{page: "signin-link", fixtures: map[string]View{
		"empty":   view(Nav{}, linkBody{}),
		"full":    view(someone(""), linkBody{Code: hostile, Email: hostile}),
		"failing": view(Nav{}, linkBody{Code: "x"}, FieldError{Message: "The link was used already."}),
	}}
}
