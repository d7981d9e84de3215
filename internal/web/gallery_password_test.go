package web

func (gallery) Password() exhibit {
	view := func(nav Nav, body passwordBody, errs ...FieldError) View {
		return View{Title: "Password", Nav: nav, Body: body, Errors: errs}
	}
	return exhibit{page: "password", fixtures: map[string]View{
		"empty": view(nobody(passwordPath), passwordBody{Email: "new@example.com"}),
		"full":  view(someone(passwordPath), passwordBody{Email: hostile, NeedCurrent: true}),
		"failing": view(someone(passwordPath), passwordBody{Email: "ada@example.com", NeedCurrent: true},
			FieldError{"current", "This is not your current password."}, FieldError{"new", "A password has 12 to 256 characters."},
			FieldError{"again", "This is not the same as the new password."}),
	}}
}
