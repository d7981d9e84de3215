package catalog

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Pointer is an RFC 6901 JSON Pointer, taken apart: the keys (or array indexes) from the top
// down. The empty Pointer is the whole document.
type Pointer []string

// ParsePointer reads "/account/id". "~1" stands for "/", "~0" for "~".
func ParsePointer(s string) (Pointer, error) {
	if s == "" {
		return Pointer{}, nil
	}
	if s[0] != '/' {
		return nil, fmt.Errorf("JSON pointer %s does not begin with /", quote(s))
	}
	parts := strings.Split(s[1:], "/")
	for i, part := range parts {
		for rest := part; ; {
			at := strings.IndexByte(rest, '~')
			if at < 0 {
				break
			}
			if at+1 == len(rest) || rest[at+1] != '0' && rest[at+1] != '1' {
				return nil, fmt.Errorf("JSON pointer %s has a ~ that is not ~0 or ~1", quote(s))
			}
			rest = rest[at+2:]
		}
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, "~1", "/"), "~0", "~")
	}
	return parts, nil
}

// String gives the pointer as RFC 6901 writes it.
func (p Pointer) String() string {
	var b strings.Builder
	for _, part := range p {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(part, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// pointer reads a pointer; "" is the whole document.
func (v value) pointer(what string) Pointer {
	if v.present() && v.node.Kind == yaml.ScalarNode && v.node.Tag == "!!str" && v.node.Value == "" {
		return Pointer{}
	}
	text, ok := v.text(what)
	if !ok {
		return nil
	}
	p, err := ParsePointer(text)
	if err != nil {
		v.wrong(what+": "+err.Error(), "write a pointer such as /result/id (RFC 6901)")
	}
	return p
}

// needPointer reads a pointer that must be there.
func (e entry) needPointer(key, what string) Pointer {
	v := e.key(key)
	if !v.present() {
		v.wrong(what+" without "+key, "add "+key+": /result/... or the like")
		return nil
	}
	return v.pointer(key)
}
