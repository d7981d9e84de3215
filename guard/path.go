package guard

import (
	"errors"
	"fmt"
	"strings"
)

// Bounds of a request target, in bytes and segments. No API seen comes near them.
const (
	maxPath     = 2048
	maxQuery    = 8192
	maxSegments = 64
)

// canonicalPath splits a request target, as it came on the wire, into the path to decide on and
// the query to pass along. It refuses whatever two programs could read in two ways, so that every
// path has exactly one spelling:
//
//   - a character that may stand in a path as it is (RFC 3986: unreserved, sub-delims, ':' and
//     '@') must stand as it is; its percent-encoding is refused, as "things%3Abatch" is one thing
//     to a router that decodes and another to one that does not;
//   - of what remains, only characters that are harmless when decoded may be percent-encoded, with
//     upper-case hex digits, because "%5b" and "%5B" would be two spellings;
//   - one slash at the end is the same route and is cut off: the path given back is what is to be
//     decided and what is to be forwarded.
//
// The query is kept byte for byte. An error says what was wrong in words that repeat nothing of
// the target.
func canonicalPath(target string) (path, rawQuery string, err error) {
	switch {
	case target == "":
		return "", "", errors.New("the request target is empty")
	case target == "*":
		return "", "", errors.New(`the request target "*" names no resource`)
	case target[0] != '/':
		return "", "", errors.New("the request target must be a path that begins with one slash, not a whole URL or a host")
	}
	path, rawQuery, _ = strings.Cut(target, "?")
	if len(path) > maxPath {
		return "", "", fmt.Errorf("the path is longer than %d bytes", maxPath)
	}
	if len(rawQuery) > maxQuery {
		return "", "", fmt.Errorf("the query is longer than %d bytes", maxQuery)
	}
	if err := checkPathBytes(path); err != nil {
		return "", "", err
	}
	if err := checkQueryBytes(rawQuery); err != nil {
		return "", "", err
	}
	if path == "/" {
		return path, rawQuery, nil
	}
	path = strings.TrimSuffix(path, "/")
	if err := checkSegments(path); err != nil {
		return "", "", err
	}
	return path, rawQuery, nil
}

// plainBytes are those that a path may have as they are, without the slash.
var plainBytes = func() (plain [256]bool) {
	for c := range len(plain) {
		plain[c] = isPathByte(byte(c))
	}
	return plain
}()

// route finds the operation of a target. Most targets are plain, and found at once; what is not is
// brought into its canonical form, or refused. TestPlainTargets holds the two ways to each other.
func (n *snapshot) route(v *Verdict, method, host, target string) (err error) {
	v.Path, v.RawQuery, _ = strings.Cut(target, "?")
	if len(v.Path) <= maxPath && len(v.RawQuery) <= maxQuery && (v.RawQuery == "" || checkQueryBytes(v.RawQuery) == nil) {
		if v.Operation = n.rules.catalog.MatchPlain(method, host, v.Path, &plainBytes, &v.Params); v.Operation != nil {
			return nil
		}
	}
	if v.Path, v.RawQuery, err = canonicalPath(target); err != nil {
		return err
	}
	v.Operation, v.Params, _ = n.rules.catalog.Match(method, host, v.Path)
	return nil
}

// checkSegments refuses empty and dot segments. Encoded dots never come this far.
func checkSegments(path string) error {
	count := 0
	for segment := range strings.SplitSeq(path[1:], "/") {
		count++
		switch {
		case count > maxSegments:
			return fmt.Errorf("the path has more than %d segments", maxSegments)
		case segment == "":
			return errors.New("the path has an empty segment: two slashes in a row")
		case segment == "." || segment == "..":
			return errors.New(`the path has a "." or ".." segment: write the path that it leads to`)
		}
	}
	return nil
}

func checkPathBytes(path string) error {
	for i := 0; i < len(path); i++ {
		c := path[i]
		switch {
		case c == '%':
			if err := checkPathEscape(path[i:], i); err != nil {
				return err
			}
			i += 2
		case c == '/' || isPathByte(c):
		case c == '\\':
			return fmt.Errorf("the path has a backslash at byte %d", i+1)
		case c == ';':
			return fmt.Errorf("the path has a semicolon at byte %d: path parameters are not supported", i+1)
		case c == '#':
			return fmt.Errorf("the path has a fragment ('#') at byte %d: a fragment is not part of a request", i+1)
		default:
			return fmt.Errorf("the path has a character at byte %d that must be percent-encoded or left out", i+1)
		}
	}
	return nil
}

// checkPathEscape looks at s, which begins with '%' and stands at offset at of the path.
func checkPathEscape(s string, at int) error {
	if len(s) < 3 || !isHex(s[1]) || !isHex(s[2]) {
		return fmt.Errorf("the path has a %% at byte %d that two hex digits do not follow", at+1)
	}
	if s[1] >= 'a' || s[2] >= 'a' {
		return fmt.Errorf("the path has a percent-encoding at byte %d with lower-case hex digits: write them in upper case", at+1)
	}
	c := unhex(s[1])<<4 | unhex(s[2])
	switch {
	case isPathByte(c):
		return fmt.Errorf("the path has a percent-encoding at byte %d of a character that needs none: write it as it is", at+1)
	case c < ' ' || c >= 0x7f:
		return fmt.Errorf("the path has a percent-encoding at byte %d of a control or non-ASCII character", at+1)
	case strings.IndexByte(`/\%;?#`, c) >= 0:
		return fmt.Errorf(`the path has a percent-encoding at byte %d of one of / \ %% ; ? #`, at+1)
	}
	return nil
}

func checkQueryBytes(query string) error {
	for i := 0; i < len(query); i++ {
		switch c := query[i]; {
		case c == '%':
			if i+2 >= len(query) || !isHex(query[i+1]) || !isHex(query[i+2]) {
				return fmt.Errorf("the query has a %% at byte %d that two hex digits do not follow", i+1)
			}
			i += 2
		case c == ';':
			return fmt.Errorf("the query has a semicolon at byte %d: separate parameters with '&', and write a semicolon in a value as %%3B", i+1)
		case c == '#':
			return fmt.Errorf("the query has a fragment ('#') at byte %d: a fragment is not part of a request", i+1)
		case c == '\\':
			return fmt.Errorf("the query has a backslash at byte %d: write it as %%5C", i+1)
		case c <= ' ' || c >= 0x7f:
			return fmt.Errorf("the query has a space, control or non-ASCII character at byte %d that must be percent-encoded", i+1)
		}
	}
	return nil
}

// isPathByte reports whether c may stand in a segment as it is. ';' is a sub-delim of RFC 3986,
// but servers disagree on whether it ends the segment.
func isPathByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	default:
		return strings.IndexByte("-._~!$&'()*+,=:@", c) >= 0
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
