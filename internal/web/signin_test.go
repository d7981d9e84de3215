package web

import (
	"strings"
	"testing"
)

func TestLocalPath(t *testing.T) {
	for _, c := range []struct{ next, want string }{
		{"/", "/"},
		{"/profile/api-tokens", "/profile/api-tokens"},
		{"/profile/audit?from=2026-01-01&q=a%20b", "/profile/audit?from=2026-01-01&q=a%20b"},
		{"/account/1b9a3e52c84f4d0ab5e7f9c2d6a81304/audit", "/account/1b9a3e52c84f4d0ab5e7f9c2d6a81304/audit"},
		{`/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22dns%22%7D%5D&next=https://evil.example`, `/profile/api-tokens?permissionGroupKeys=%5B%7B%22key%22%3A%22dns%22%7D%5D&next=https://evil.example`},
		{"", "/"},
		{"profile", "/"},
		{"https://evil.example/profile", "/"},
		{"HTTPS:/profile", "/"},
		{"//evil.example/profile", "/"},
		{"///evil.example/profile", "/"},
		{`/\evil.example/profile`, "/"},
		{`\\evil.example`, "/"},
		{`/profile\..\..\\evil.example`, "/"},
		{"/\t/evil.example", "/"},
		{"/\n/evil.example", "/"},
		{" /profile", "/"},
		{"/profile\r\nSet-Cookie: leastkey=x", "/"},
		{"/profile\x00", "/"},
		{"/profile\x7f", "/"},
		{"/profile/\u2028", "/"},
		{"/%zz", "/"},
		{"javascript:alert(1)", "/"},
		{"data:text/html,x", "/"},
		{"@evil.example/profile", "/"},
		{"/.evil.example", "/"},
		{"/client/v4/user", "/"},
		{"/profilex", "/"},
		{"/%70rofile", "/"},
		{"/sign-out", "/"},
		{"/sign-in?next=/sign-in", "/"},
		{"/profile?" + strings.Repeat("x", 4096), "/"},
	} {
		if is := localPath(c.next); is != c.want {
			t.Errorf("%q leads to %q, want %q", c.next, is, c.want)
		}
	}
}

func TestBrowserOf(t *testing.T) {
	for _, c := range []struct{ agent, want string }{
		{"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "Chrome on Windows"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0", "Edge on Windows"},
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15", "Safari on Mac"},
		{"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"},
		{"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36", "Chrome on Android"},
		{"curl/8.14.1", "curl"},
		{"", "Unknown program"},
		{hostile, "Another program"},
	} {
		if is := browserOf(c.agent); is != c.want {
			t.Errorf("%q is %q, want %q", c.agent, is, c.want)
		}
	}
}
