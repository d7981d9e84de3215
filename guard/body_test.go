package guard_test

import (
	"context"
	"strings"
	"testing"

	"github.com/leastkey/leastkey/guard"
)

// Where something is created is found in the body; whoever reads the body behind the gateway must
// find the same (law 5).
func TestLaw5BodiesHaveOneReading(t *testing.T) {
	w := newWorld(t)
	mine, other := w.ada.account.String(), w.ben.account.String()
	account := func(inner string) string { return `{"name":"new.example","account":` + inner + `}` }
	id := func(id string) string { return account(`{"id":"` + id + `"}`) }
	for name, row := range map[string]struct {
		body string
		want int
	}{
		"in order":                       {id(mine), 200},
		"white space":                    {" \n" + id(mine) + "\t\r\n", 200},
		"escaped":                        {strings.Replace(id(mine), mine, `\u00`+hex(mine[0])+mine[1:], 1), 200},
		"escaped name":                   {`{"\u0061ccount":{"id":"` + mine + `"}}`, 200},
		"more beside it":                 {account(`{"id":"` + mine + `","name":"x","nested":{"id":"` + other + `","id":1}}`), 200},
		"another account":                {id(other), 403},
		"no account that there is":       {id(strings.Repeat("0", 32)), 403},
		"upper case":                     {id(strings.ToUpper("a" + mine[1:])), 403},
		"empty id":                       {id(""), 403},
		"no id":                          {account(`{}`), 400},
		"null id":                        {account(`{"id":null}`), 400},
		"id that is a number":            {account(`{"id":1}`), 400},
		"id that is a list":              {account(`{"id":["` + mine + `"]}`), 400},
		"account that is a string":       {account(`"` + mine + `"`), 400},
		"account that is a list":         {account(`[{"id":"` + mine + `"}]`), 400},
		"null account":                   {account(`null`), 400},
		"no account":                     {`{"name":"new.example"}`, 400},
		"empty":                          {``, 400},
		"null":                           {`null`, 400},
		"a list":                         {`[` + id(mine) + `]`, 400},
		"a string":                       {`"` + mine + `"`, 400},
		"cut off":                        {id(mine)[:40], 400},
		"two values":                     {id(mine) + id(other), 400},
		"something behind":               {id(mine) + "x", 400},
		"a NUL behind":                   {id(mine) + "\x00", 400},
		"byte order mark":                {"\ufeff" + id(mine), 400},
		"not UTF-8":                      {`{"a":"` + "\xff" + `","account":{"id":"` + mine + `"}}`, 400},
		"not UTF-8 in a name":            {`{"a` + "\xff" + `":1,"account":{"id":"` + mine + `"}}`, 400},
		"UTF-16":                         {"\xff\xfe" + strings.Join(strings.Split(id(mine), ""), "\x00") + "\x00", 400},
		"comment":                        {strings.Replace(id(mine), "{", "{/**/", 1), 400},
		"trailing comma":                 {`{"account":{"id":"` + mine + `",}}`, 400},
		"single quotes":                  {strings.ReplaceAll(id(mine), `"`, `'`), 400},
		"account twice":                  {`{"account":{"id":"` + mine + `"},"account":{"id":"` + other + `"}}`, 400},
		"account twice, the same":        {`{"account":{"id":"` + mine + `"},"account":{"id":"` + mine + `"}}`, 400},
		"account twice, one escaped":     {`{"account":{"id":"` + mine + `"},"\u0061ccount":{"id":"` + other + `"}}`, 400},
		"account twice, in another case": {`{"account":{"id":"` + mine + `"},"Account":{"id":"` + other + `"}}`, 400},
		"account in another case":        {`{"Account":{"id":"` + mine + `"}}`, 400},
		"id twice":                       {account(`{"id":"` + mine + `","id":"` + other + `"}`), 400},
		"id twice, in another case":      {account(`{"id":"` + mine + `","ID":"` + other + `"}`), 400},
		"id twice, null":                 {account(`{"id":"` + mine + `","id":null}`), 400},
		"any other name twice":           {`{"name":"a","name":"b","account":{"id":"` + mine + `"}}`, 400},
		"the long s":                     {`{"names":1,"name` + "\u017f" + `":2,"account":{"id":"` + mine + `"}}`, 400},
		"the Kelvin sign":                {`{"k":1,"` + "\u212a" + `":2,"account":{"id":"` + mine + `"}}`, 400},
		"too large":                      {strings.Repeat(" ", 1000) + id(mine), 413},
		"deep":                           {strings.Repeat("[", 900), 400},
	} {
		t.Run(name, func(t *testing.T) {
			if got := w.status(request("POST", "/zones", row.body, w.ada.byKey()...)); got != row.want {
				t.Errorf("%d, want %d", got, row.want)
			}
		})
	}
}

func hex(c byte) string {
	const digits = "0123456789abcdef"
	return string([]byte{digits[c>>4], digits[c&15]})
}

// A body that says that it is something other than JSON could be read as that.
func TestLaw5BodiesAreJSON(t *testing.T) {
	w := newWorld(t)
	body := `{"account":{"id":"` + w.ada.account.String() + `"}}`
	for name, row := range map[string]struct {
		fields []string
		want   int
	}{
		"nothing said":         {nil, 200},
		"JSON":                 {[]string{"Content-Type", "application/json"}, 200},
		"any case":             {[]string{"Content-Type", "Application/JSON"}, 200},
		"UTF-8":                {[]string{"Content-Type", "application/json; charset=utf-8"}, 200},
		"UTF-8, upper case":    {[]string{"Content-Type", `application/json;charset="UTF-8"`}, 200},
		"UTF-16":               {[]string{"Content-Type", "application/json; charset=utf-16"}, 400},
		"UTF-7":                {[]string{"Content-Type", "application/json; charset=utf-7"}, 400},
		"form":                 {[]string{"Content-Type", "application/x-www-form-urlencoded"}, 400},
		"multipart":            {[]string{"Content-Type", "multipart/form-data; boundary=x"}, 400},
		"text":                 {[]string{"Content-Type", "text/plain"}, 400},
		"patch":                {[]string{"Content-Type", "application/json-patch+json"}, 400},
		"several":              {[]string{"Content-Type", "application/json, text/plain"}, 400},
		"twice":                {[]string{"Content-Type", "application/json", "Content-Type", "application/json"}, 400},
		"malformed":            {[]string{"Content-Type", "application/json; ="}, 400},
		"charset twice":        {[]string{"Content-Type", "application/json; charset=utf-8; charset=utf-16"}, 400},
		"compressed":           {[]string{"Content-Encoding", "gzip"}, 400},
		"not even compressed":  {[]string{"Content-Encoding", "identity"}, 400},
		"compressed, it seems": {[]string{"Content-Type", "application/json", "Content-Encoding", ""}, 400},
	} {
		if got := w.status(request("POST", "/zones", body, append(w.ada.byKey(), row.fields...)...)); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}

// Bodies are read when they must be, and only for whom it is worth it.
func TestBodiesAreReadWhenNeeded(t *testing.T) {
	w := newWorld(t)
	body := `{"account":{"id":"` + w.ada.account.String() + `"}}`
	for name, row := range map[string]struct {
		method, path string
		by           []string
		reads        int
	}{
		"a create":                  {"POST", "/zones", w.ada.byKey(), 1},
		"a create by nobody":        {"POST", "/zones", nil, 0},
		"a create by an unknown":    {"POST", "/zones", bearer(secret(t, 1, 9)), 0},
		"another write":             {"POST", "/zones/" + w.one.ID + "/dns_records", w.ada.byKey(), 0},
		"a read":                    {"GET", "/zones", w.ada.byKey(), 0},
		"what there is no route to": {"POST", "/nothing", w.ada.byKey(), 0},
	} {
		reads := 0
		r := request(row.method, row.path, body, row.by...)
		whole := r.Body
		r.Body = func(limit int64) ([]byte, error) { reads++; return whole(limit) }
		w.guard.Check(context.Background(), r)
		if reads != row.reads {
			t.Errorf("%s: read %d times, want %d", name, reads, row.reads)
		}
	}
	blind := request("POST", "/zones", "", w.ada.byKey()...)
	blind.Body = nil
	if got := w.status(blind); got != 400 {
		t.Errorf("an adapter that sees no bodies: %d", got)
	}
	broken := request("POST", "/zones", "", w.ada.byKey()...)
	broken.Body = func(int64) ([]byte, error) { return []byte(body), context.Canceled }
	if got := w.status(broken); got != 400 {
		t.Errorf("a body that ends early: %d", got)
	}
	broken.Body, broken.Arrive = func(int64) ([]byte, error) { return []byte(body), nil }, func() error { return guard.ErrBodyTooLarge }
	if got := w.status(broken); got != 413 {
		t.Errorf("a body that does not arrive: %d", got)
	}
}
