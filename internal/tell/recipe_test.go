package tell_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
	"github.com/leastkey/leastkey/internal/cli"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
	. "github.com/leastkey/leastkey/internal/tell"
	"github.com/leastkey/leastkey/internal/wire"
)

// hostile are names that would do something if a recipe let them.
func hostile() []string {
	return []string{
		"plain", "two words", `$(touch pwned)`, "`touch pwned`", `'; touch pwned; '`, `"; touch pwned; "`, `\`, `\\'`, `it's`, `a\nb`, `${HOME}`, `$HOME`,
		`$${x}`, `%{ if true }`, `%%{x}`, `!!`, `--yes`, `-h`, `=`, `*`, `~`, `# no`, `a && touch pwned`, "<!--", "\u202egnp.exe", "😀", `"${"$"}{x}"`,
	}
}

// shell has a POSIX shell read a recipe whose first command is stood in for, and gives the words
// that the command was called with.
func shell(t testing.TB, dir, command, recipe string) []string {
	t.Helper()
	sh := exec.Command("sh", "-euc", command+`() { printf '%s\0' "$@"; }`+"\n"+recipe)
	sh.Dir = dir
	sh.Env = []string{"LEASTKEY_TOKEN=the token", "PATH=" + os.Getenv("PATH")}
	var complaints bytes.Buffer
	sh.Stderr = &complaints
	out, err := sh.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("%s\n%v %s", recipe, err, complaints.Bytes())
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Fatalf("%s\nleft %v, %v", recipe, left, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestHostileNamesAreInert(t *testing.T) {
	cat, dir := load(t), t.TempDir()
	try := func(name string) {
		r := Recipes{Catalog: cat, Owner: leastkey.AccountOf(id("e")), Spec: spec(allow(t, zones("a"), "DNS Write"))}
		r.Spec.Name = name
		line, err := r.CommandLine()
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"token", "create", "--account=" + id("e").String(), "--name=" + name, "--allow=DNS Write on zone:" + id("a").String(), "--expires=2030-02-01T12:00:00Z"}
		if diff := cmp.Diff(want, shell(t, dir, "leastkey", line)); diff != "" {
			t.Fatalf("%s\n%s", line, diff)
		}
		curl, err := r.Curl("https://tokens.example.com/client/v4")
		if err != nil {
			t.Fatal(err)
		}
		words := shell(t, dir, "curl", curl)
		body := words[len(words)-1]
		want = []string{"-X", "POST", "https://tokens.example.com/client/v4/accounts/" + id("e").String() + "/tokens",
			"-H", "Authorization: Bearer the token", "-H", "Content-Type: application/json", "--data-raw", body}
		if diff := cmp.Diff(want, words); diff != "" {
			t.Fatalf("%s\n%s", curl, diff)
		}
		got, err := wire.Spec(cat, []byte(body))
		r.Spec.Status = 0
		if diff := cmp.Diff(r.Spec, got); diff != "" || err != nil {
			t.Fatalf("%s\n%v %s", body, err, diff)
		}
	}
	for _, name := range hostile() {
		try(name)
	}
	alphabet := []rune(`'"\$(){}` + "`" + `;&|<>*?[]~#!%=- a0é` + "\u202e")
	for i := range 100 {
		try(rapid.StringOfN(rapid.SampledFrom(alphabet), 1, 40, -1).Example(i))
	}
}

// right is one permission group on one pattern of its type.
type right struct {
	effect  leastkey.Effect
	group   leastkey.ID
	pattern leastkey.Pattern
}

func rights(cat *catalog.Catalog, policies []leastkey.Policy) map[right]bool {
	all := map[right]bool{}
	for _, p := range policies {
		for _, g := range p.Groups {
			for _, pattern := range p.Patterns {
				if t, _ := cat.TypeOf(g); t == pattern.Type {
					all[right{p.Effect, g, pattern}] = true
				}
			}
		}
	}
	return all
}

// TestCommandLineMakesTheSameToken types the line into a shell, and what the shell makes of it into
// the command line, which talks to a whole node.
func TestCommandLineMakesTheSameToken(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := n.Send(r)
		maps.Copy(w.Header(), a.Header)
		w.WriteHeader(a.Status)
		w.Write(a.Body)
	}))
	defer server.Close()
	base := server.URL + nodetest.Base
	group := func(names ...string) []leastkey.ID { return groups(t, n.Catalog, names...) }
	ada := leastkey.AccountOf(n.Ada.Account).Resource()
	zone := func(i int) leastkey.Pattern {
		return leastkey.PatternOne(leastkey.Resource{Type: "zone", ID: n.Ada.Zones[i]})
	}
	policy := func(effect leastkey.Effect, groups []leastkey.ID, on ...leastkey.Pattern) leastkey.Policy {
		return leastkey.Policy{Effect: effect, Groups: groups, Patterns: on}
	}
	const yes, no = leastkey.Allow, leastkey.Deny
	specs := []control.TokenSpec{
		{Name: "one", Policies: []leastkey.Policy{policy(yes, group("DNS Write"), zone(0))}},
		{
			Name: "all", Validity: leastkey.Validity{NotBefore: nodetest.Epoch.Add(time.Hour), ExpiresOn: nodetest.Epoch.AddDate(0, 6, 0).Add(time.Microsecond)},
			Condition: leastkey.Condition{In: ranges(t, "192.0.2.0/24", "2001:db8::1"), NotIn: ranges(t, "192.0.2.128/25")},
			Policies: []leastkey.Policy{
				policy(no, group("DNS Write"), zone(1)),
				policy(yes, group("DNS Write", "Zone Read", "Account Settings Read"), zone(0), zone(1), leastkey.PatternUnder("zone", ada), leastkey.PatternOne(ada)),
				policy(yes, group("API Tokens Read"), leastkey.PatternOne(leastkey.UserOf(n.Ada.ID).Resource())),
				policy(no, group("Zone Write", "DNS Write"), leastkey.PatternEvery("zone"), zone(0)),
			},
		},
	}
	for _, name := range hostile() {
		specs = append(specs, control.TokenSpec{Name: name, Policies: specs[0].Policies})
	}
	dir := t.TempDir()
	env := map[string]string{"LEASTKEY_URL": base, "LEASTKEY_EMAIL": n.Ada.Email, "LEASTKEY_KEY": n.Ada.Key}
	for _, owner := range []leastkey.Principal{leastkey.UserOf(n.Ada.ID), leastkey.AccountOf(n.Ada.Account)} {
		for i, spec := range specs {
			if owner.Kind == leastkey.AccountPrincipal {
				if i > 1 {
					break
				}
				spec.Policies = spec.Policies[:min(2, len(spec.Policies))]
			}
			line, err := (Recipes{Catalog: n.Catalog, Owner: owner, Spec: spec}).CommandLine()
			if err != nil {
				t.Fatal(err)
			}
			var out, complaints bytes.Buffer
			args := append(shell(t, dir, "leastkey", line), "--yes", "--json")
			if status := cli.Run(context.Background(), args, func(key string) string { return env[key] }, strings.NewReader(""), &out, &complaints, cli.Servers{}); status != 0 {
				t.Fatalf("%s\n%s", line, complaints.String())
			}
			var made struct{ ID leastkey.ID }
			if err := json.Unmarshal(out.Bytes(), &made); err != nil {
				t.Fatal(err)
			}
			stored := storedToken(t, n, made.ID)
			if stored.Principal != owner || stored.Name != spec.Name || stored.Status != leastkey.Active {
				t.Errorf("%s\nmade %+v", line, stored)
			}
			equal := cmp.Options{cmp.AllowUnexported(right{}), cmp.Comparer(func(a, b leastkey.AddressRange) bool { return a == b })}
			for what, diff := range map[string]string{
				"rights":    cmp.Diff(rights(n.Catalog, spec.Policies), rights(n.Catalog, stored.Policies), equal),
				"condition": cmp.Diff(spec.Condition, stored.Condition, equal),
				"validity":  cmp.Diff(spec.Validity, stored.Validity),
			} {
				if diff != "" {
					t.Errorf("%s\n%s: %s", line, what, diff)
				}
			}
		}
	}
}

func storedToken(t testing.TB, n *nodetest.Node, id leastkey.ID) control.Credential {
	t.Helper()
	var c control.Credential
	err := n.Store.View(context.Background(), func(r control.Reader) (err error) {
		c, err = r.Credential(id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCommandLineSpellsTypes(t *testing.T) {
	cat, err := catalog.Load("odd.yaml", []byte(`
namespace: com.example.api
ids: any
resources:
  zone: {key: zone}
  sub: {parent: zone, key: a.part}
  bus: {parent: zone, key: b.part}
  mute: {parent: account}
  below: {parent: mute}
permission_groups:
  - {id: 00000000000000000000000000000001, name: Turned on Read, resource: sub}
  - {id: 00000000000000000000000000000002, name: Bus Read, resource: bus}
  - {id: 00000000000000000000000000000003, name: Zone Read, resource: zone}
  - {id: 00000000000000000000000000000004, name: Below Read, resource: below}
  - {id: 00000000000000000000000000000005, name: Left on, resource: zone}
operations:
  - {route: "GET /zones/{id}", any_of: [Zone Read, Left on], target: {zone: path.id}}
  - {route: "GET /subs/{id}", any_of: [Turned on Read], target: {sub: path.id}}
  - {route: "GET /buses/{id}", any_of: [Bus Read], target: {bus: path.id}}
  - {route: "GET /belows/{id}", any_of: [Below Read], target: {below: path.id}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		group string
		on    leastkey.Pattern
		want  string
	}{
		{"Zone Read", one("zone", "prod")[0], "Zone Read on com.example.api.zone:prod"}, // zone:prod would be looked up by its name
		{"Zone Read", one("zone", id("a").String())[0], "Zone Read on zone:" + id("a").String()},
		{"Zone Read", every("zone")[0], "Zone Read on every zone"},
		{"Left on", every("zone")[0], "00000000000000000000000000000005 on every zone"},
		{"Turned on Read", one("sub", "x:y$(z)")[0], "00000000000000000000000000000001 on com.example.api.a.part:x:y$(z)"},
		{"Bus Read", leastkey.PatternUnder("bus", leastkey.Resource{Type: "zone", ID: "prod"}), "Bus Read on every com.example.api.b.part of com.example.api.zone:prod"},
		{"Below Read", leastkey.PatternUnder("below", leastkey.Resource{Type: "mute", ID: "m"}), ""},
		{"Below Read", leastkey.PatternUnder("below", account("a")), "Below Read on every below of account:" + id("a").String()},
		{"Below Read", leastkey.PatternEvery("below"), "Below Read on every below"},
	} {
		policy := leastkey.Policy{Effect: leastkey.Allow, Groups: groups(t, cat, row.group), Patterns: []leastkey.Pattern{row.on}}
		line, err := (Recipes{Catalog: cat, Owner: leastkey.UserOf(id("f")), Spec: control.TokenSpec{Name: "n", Policies: []leastkey.Policy{policy}}}).CommandLine()
		if row.want == "" {
			if err == nil {
				t.Errorf("%s: no error", line)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := shell(t, t.TempDir(), "leastkey", line); got[3] != "--allow="+row.want {
			t.Errorf("%s, want %s", got[3], row.want)
		}
	}
}

func TestNoCommandLine(t *testing.T) {
	var many []leastkey.Pattern
	for i := range 101 {
		many = append(many, one("load_balancer", strings.Repeat("x", i+1))...)
	}
	disabled := spec(allow(t, zones("a"), "DNS Write"))
	disabled.Status = leastkey.Disabled
	for name, s := range map[string]control.TokenSpec{
		"nothing": spec(), "denies alone": spec(deny(t, zones("a"), "DNS Write")), "disabled": disabled,
		"too many resources": spec(allow(t, many, "Balance Read")),
	} {
		if line, err := (Recipes{Catalog: load(t), Owner: leastkey.UserOf(id("f")), Spec: s}).CommandLine(); err == nil {
			t.Errorf("%s: %s", name, line)
		}
	}
}

func TestTerraform(t *testing.T) {
	user := spec(
		allow(t, both(zonesUnderE(), zones("a"), one("load_balancer", `$"{x}`)), "DNS Write", "Balance Read"),
		deny(t, both(zonesUnderE(), one("account", id("e").String())), "DNS Write", "Account Settings Read"),
	)
	user.Name = "7 \"quotes\" ${x} $${y} %{z} \\ \u202e😀"
	user.Condition = leastkey.Condition{In: ranges(t, "192.0.2.0/24", "2001:db8::1"), NotIn: ranges(t, "192.0.2.7")}
	user.Validity.NotBefore = epoch()
	user.Status = leastkey.Disabled
	owned := spec(allow(t, zones("a"), "DNS Write"))
	owned.Validity = leastkey.Validity{}
	for name, r := range map[string]Recipes{
		"user":    {Catalog: load(t), Owner: leastkey.UserOf(id("f")), Spec: user},
		"account": {Catalog: load(t), Owner: leastkey.AccountOf(id("e")), Spec: owned},
	} {
		got, err := r.Terraform()
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name+".tf")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(string(want), got); diff != "" {
			t.Errorf("%s\n%s", file, diff)
		}
	}
}

// TestPoliciesAsTheAPIHasThem shows also what cannot be asked for any more.
func TestPoliciesAsTheAPIHasThem(t *testing.T) {
	gone := spec(allow(t, one("bucket", "b1"), "9"))
	for want, s := range map[string]control.TokenSpec{
		`"name": "DNS Write"`: spec(allow(t, zones("a"), "DNS Write")),
		`"bucket b1": "*"`:    gone,
	} {
		text, err := (Recipes{Catalog: load(t), Spec: s}).Policies()
		var read []api.Policy
		if err := json.NewDecoder(io.LimitReader(strings.NewReader(text), 1<<20)).Decode(&read); err != nil || len(read) != 1 {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("%s, %v; want %s", text, err, want)
		}
	}
	r := Recipes{Catalog: load(t), Spec: gone}
	for name, write := range map[string]func() (string, error){"command line": r.CommandLine, "terraform": r.Terraform, "curl": func() (string, error) { return r.Curl("") }} {
		if text, err := write(); err == nil {
			t.Errorf("%s: %s", name, text)
		}
	}
}
