package tell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/wire"
)

// Terraform is the resource of the Cloudflare provider, from version 5 on, that makes the token.
func (r Recipes) Terraform() (string, error) {
	request, err := wire.Request(r.Catalog, r.Spec)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	line := func(depth int, format string, args ...any) {
		fmt.Fprintf(&out, strings.Repeat("  ", depth)+format+"\n", args...)
	}
	kind := "cloudflare_api_token"
	if r.Owner.Kind == leastkey.AccountPrincipal {
		kind = "cloudflare_account_token"
	}
	line(0, `resource "%s" "%s" {`, kind, label(r.Spec.Name))
	if r.Owner.Kind == leastkey.AccountPrincipal {
		line(1, "account_id = %s", hcl(r.Owner.ID.String()))
	}
	line(1, "name = %s", hcl(r.Spec.Name))
	if r.Spec.Status == leastkey.Disabled {
		line(1, "status = %s", hcl(string(api.StatusDisabled)))
	}
	if at := r.Spec.Validity.NotBefore; !at.IsZero() {
		line(1, "not_before = %s", hcl(at.UTC().Format(time.RFC3339Nano)))
	}
	if at := r.Spec.Validity.ExpiresOn; !at.IsZero() {
		line(1, "expires_on = %s", hcl(at.UTC().Format(time.RFC3339Nano)))
	}
	line(1, "policies = [")
	for _, p := range request.Policies.Value {
		line(2, "{")
		line(3, "effect = %s", hcl(p.Effect.String()))
		line(3, "permission_groups = [")
		for _, g := range p.Groups {
			line(4, "{ id = %s }, # %s", hcl(g.ID.String()), visible(g.Name))
		}
		line(3, "]")
		line(3, "resources = jsonencode({")
		if err := resourceLines(p.Resources, func(depth int, text string) { line(4+depth, "%s", text) }); err != nil {
			return "", err
		}
		line(3, "})")
		line(2, "},")
	}
	line(1, "]")
	if c := r.Spec.Condition; !c.IsZero() {
		line(1, "condition = {")
		line(2, "request_ip = {")
		if len(c.In) > 0 {
			line(3, "in = [%s]", hclRanges(c.In))
		}
		if len(c.NotIn) > 0 {
			line(3, "not_in = [%s]", hclRanges(c.NotIn))
		}
		line(2, "}")
		line(1, "}")
	}
	line(0, "}")
	return out.String(), nil
}

// resourceLines writes the entries of a resource map.
func resourceLines(resources json.RawMessage, line func(depth int, text string)) error {
	dec := json.NewDecoder(bytes.NewReader(resources))
	depth := -1
	for {
		token, err := dec.Token()
		if err != nil {
			return err
		}
		switch token {
		case json.Delim('{'):
			depth++
			continue
		case json.Delim('}'):
			if depth--; depth < 0 {
				return nil
			}
			line(depth, "}")
			continue
		}
		key, _ := token.(string)
		if value, err := dec.Token(); err != nil {
			return err
		} else if text, ok := value.(string); ok {
			line(depth, hcl(key)+" = "+hcl(text))
		} else {
			line(depth, hcl(key)+" = {")
			depth++
		}
	}
}

func hclRanges(list []leastkey.AddressRange) string {
	texts := make([]string, len(list))
	for i, r := range list {
		texts[i] = hcl(r.String())
	}
	return strings.Join(texts, ", ")
}

// label makes a name for the resource block out of that of the token.
func label(name string) string {
	words := strings.FieldsFunc(strings.ToLower(name), func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
	text := strings.Join(words, "_")
	if text == "" || text[0] >= '0' && text[0] <= '9' {
		text = strings.TrimSuffix("token_"+text, "_")
	}
	return text
}

// hcl is a quoted text of Terraform's language that stands for the text, whatever is in it. "${"
// and "%{" would begin a template; what does not show, or turns the text around it, is escaped.
func hcl(text string) string {
	var out strings.Builder
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteRune(c)
		case (c == '$' || c == '%') && strings.HasPrefix(text[i+1:], "{"):
			fmt.Fprintf(&out, `\u%04x`, c) // doubling the sign would not do after another one
		case unicode.IsPrint(c):
			out.WriteRune(c)
		case c > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, c)
		default:
			fmt.Fprintf(&out, `\u%04x`, c)
		}
	}
	return `"` + out.String() + `"`
}
