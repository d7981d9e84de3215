package vectors

import (
	"regexp"
	"strings"
)

var challengeForm = regexp.MustCompile(`^Bearer realm="[^"]*"(?:, error="([a-z_]+)")?(?:, error_description="([^"\\]*)")?$`)

// Challenged says what is wrong about the value of WWW-Authenticate with which a request was
// answered; "" for nothing.
func (w *World) Challenged(want Want, header string) string {
	switch want.Challenge {
	case "":
		return ""
	case "none":
		if header != "" {
			return "challenge " + header + "; want none"
		}
		return ""
	}
	m := challengeForm.FindStringSubmatch(header)
	switch {
	case m == nil:
		return "challenge " + header + ", which is not of the form of RFC 6750"
	case want.Challenge == "bare":
		if strings.Contains(header, "error") {
			return "challenge " + header + "; want a bare one"
		}
	case m[1] != want.Challenge:
		return "challenge " + header + "; want " + want.Challenge
	case want.Says != "" && m[2] != w.Fill(want.Says):
		return "challenge " + header + "; want it to say " + w.Fill(want.Says)
	}
	return ""
}
