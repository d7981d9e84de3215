package web

func (gallery) Leaked() exhibit {
	return exhibit{page: "leaked", fixtures: map[string]View{
		"empty": leakedView(Nav{}, leakedBody{}),
		"full":  leakedView(someone(""), leakedBody{Done: 3}),
		"one":   leakedView(Nav{}, leakedBody{Done: 1}),
		"failing": leakedView(Nav{}, leakedBody{}, FieldError{"secrets", "Nothing here has the form of a token or key of this installation. Was all of it copied?"},
			FieldError{"", "Too many attempts. Try again in 30 seconds."}),
	}}
}
