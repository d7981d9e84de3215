package web

import "strings"

// browserOf says in words what sent a User-Agent: enough to tell one's own browsers apart. Browsers
// name those that they are like, so the order matters.
func browserOf(agent string) string {
	if agent == "" {
		return "Unknown program"
	}
	name := firstNamed(agent, []named{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chromium/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"},
	})
	system := firstNamed(agent, []named{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Macintosh", "Mac"}, {"Linux", "Linux"}, {"BSD", "BSD"},
	})
	switch {
	case name == "":
		return "Another program"
	case system == "":
		return name
	default:
		return name + " on " + system
	}
}

type named struct{ sign, name string }

func firstNamed(s string, of []named) string {
	for _, n := range of {
		if strings.Contains(s, n.sign) {
			return n.name
		}
	}
	return ""
}
