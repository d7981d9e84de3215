package control_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/internal/control"
	"github.com/leastkey/leastkey/internal/nodetest"
)

const (
	oldToken = "v2.8c5d-OLD_token~of=another+system/1"
	oldKey   = "0123456789abcdef0123456789abcdef01234"
)

var oldServiceKey = "v1.0-" + strings.Repeat("ab", 12) + "-" + strings.Repeat("cd", 73)

func sumOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// importAll imports lines, and gives what became of them.
func importAll(t *testing.T, n *nodetest.Node, query string, lines ...nodetest.Object) api.ImportedCredentials {
	t.Helper()
	a := n.Operate(t, http.MethodPost, "/credentials/import"+query, lines)
	if a.Status != http.StatusOK {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	var got api.ImportedCredentials
	a.Result(t, &got)
	return got
}

// What was given out by another system goes on working: by its secret or by its hash, bounded by the
// policies that it comes with and by its owner; what was made here before and does not fit is refused.
func TestImportCredentials(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada, ben := n.World.Ada, n.World.Ben
	zone, other := "/zones/"+ada.Zones[0]+"/dns_records", "/zones/"+ada.Zones[1]+"/dns_records"
	lines := []nodetest.Object{
		{
			"owner": "user:ADA@example.com", "secret": oldToken, "name": "old", "issued_on": "2019-09-02T10:00:00Z",
			"policies": []nodetest.Policy{n.Allow(t, nodetest.On(nodetest.ZoneKey(ada.Zones[0])), "DNS Read")},
		},
		{
			"owner": "account:" + ben.Account.String(), "sha256": sumOf(oldToken + "b"), "name": "not of Ada's", "kind": "token",
			"policies": []nodetest.Policy{n.Allow(t, nodetest.On(nodetest.EveryZone), "DNS Read")},
		},
		{"owner": "user:" + ada.ID.String(), "sha256": sumOf(oldKey), "kind": "global_api_key"},
		{"owner": "user:" + ada.ID.String(), "secret": oldServiceKey, "kind": "origin_ca_key"},
	}
	token, bens := nodetest.Bearer(oldToken), nodetest.Bearer(oldToken+"b")
	key := nodetest.Person{Email: ada.Email, Key: oldKey}.ByKey()
	service := func(h http.Header) { h.Set("X-Auth-User-Service-Key", oldServiceKey) }
	status := func(by nodetest.Credential, path string, want int) {
		t.Helper()
		if a := n.Do(t, by, http.MethodGet, path, nil); a.Status != want {
			t.Errorf("%s: %d %s, want %d", path, a.Status, a.Body, want)
		}
	}
	if got := importAll(t, n, "?dry_run=true", lines...); got.Done || got.Imported != 4 || got.Unchanged+len(got.Refused) != 0 {
		t.Errorf("a dry run: %+v", got)
	}
	status(token, zone, 401)
	status(key, zone, 401)
	if got := importAll(t, n, "", lines...); !got.Done || got.Imported != 4 || got.Unchanged+len(got.Refused) != 0 {
		t.Fatalf("%+v", got)
	}
	for _, when := range []string{"at once", "after a restart"} {
		t.Log(when)
		status(token, zone, 200)
		status(token, other, 403)
		status(bens, "/zones/"+ben.Zones[0]+"/dns_records", 200)
		status(bens, zone, 403)
		status(key, zone, 200)
		status(ada.ByKey(), zone, 401)
		status(service, zone, 403)
		if a := n.Do(t, service, http.MethodGet, "/certificates?zone_id="+ada.Zones[0], nil); a.Status == 401 || a.Status == 403 {
			t.Errorf("an imported Origin CA Key: %d %s", a.Status, a.Body)
		}
		status(service, "/certificates?zone_id="+ben.Zones[0], 403)
		n.Restart(t)
	}
	rows := len(rowsOf(n.Acts(t)))
	if got := importAll(t, n, "", lines...); !got.Done || got.Imported != 0 || got.Unchanged != 4 {
		t.Errorf("again: %+v", got)
	}
	if again := len(rowsOf(n.Acts(t))); again != rows {
		t.Errorf("what changed nothing left %d rows", again-rows)
	}

	// One that is refused undoes its batch, and names itself.
	mine := n.Mint(t, key, "made here", n.Allow(t, nodetest.On(nodetest.ZoneKey(ada.Zones[0])), "DNS Read"))
	good := nodetest.Object{"owner": "user:" + ada.Email, "secret": oldToken + "c", "name": "good", "policies": []any{}}
	for name, bad := range map[string]nodetest.Object{
		"the secret is that of another credential": {"owner": "user:" + ben.Email, "secret": oldToken, "name": "x", "policies": []any{}},
		"name: a token needs a name":               {"owner": "user:" + ada.Email, "secret": oldToken + "d", "policies": []any{}},
		"expires_on: expires_on is in the past":    {"owner": "user:" + ada.Email, "secret": oldToken + "d", "name": "x", "policies": []any{}, "expires_on": "2001-01-01T00:00:00Z"},
		"only a user has a key":                    {"owner": "account:" + ada.Account.String(), "secret": oldKey, "kind": "global_api_key"},
	} {
		got := importAll(t, n, "", good, bad)
		if got.Done || got.Imported != 0 || len(got.Refused) != 1 || got.Refused[0].Index != 1 || !strings.Contains(got.Refused[0].Message, strings.TrimPrefix(name, "name: ")) && !strings.Contains(got.Refused[0].Message, strings.TrimPrefix(name, "expires_on: ")) {
			t.Errorf("%s: %+v", name, got)
		}
		status(nodetest.Bearer(oldToken+"c"), zone, 401)
	}

	// What is imported is a token like any other: it is rolled, revoked for good, and known when it leaks.
	var all []nodetest.Token
	n.Must(t, key, http.MethodGet, "/user/tokens", nil, &all)
	i := slices.IndexFunc(all, func(t nodetest.Token) bool { return t.Name == "old" })
	if i < 0 || all[i].IssuedOn != "2019-09-02T10:00:00Z" {
		t.Fatalf("the list: %+v", all)
	}
	n.Must(t, key, http.MethodDelete, "/user/tokens/"+all[i].ID, nil, nil)
	status(token, zone, 401)
	if got := importAll(t, n, "", lines[0]); got.Done || len(got.Refused) != 1 {
		t.Errorf("a revoked one came back: %+v", got)
	}
	status(mine.Bearer(), zone, 200)
	for _, row := range rowsOf(n.Acts(t)) {
		if strings.Contains(row, oldToken) || strings.Contains(row, oldKey) || strings.Contains(row, sumOf(oldKey)) {
			t.Errorf("a secret, or its hash, is in the audit log: %s", row)
		}
	}
}

// A secret that was made here is never found as an imported one, and none that was imported by the hash
// of the store.
func TestImportedHashesAreOfTheirOwn(t *testing.T) {
	n := nodetest.Start(t, nodetest.Config{})
	ada := n.World.Ada
	mine := n.Mint(t, ada.ByKey(), "made here", n.Allow(t, nodetest.On(nodetest.ZoneKey(ada.Zones[0])), "DNS Read"))
	secret, _, err := leastkey.DefaultBrand.Parse(mine.Value)
	if err != nil {
		t.Fatal(err)
	}
	kept := secret.Hash()
	got := importAll(t, n, "", nodetest.Object{"owner": "user:" + ada.Email, "sha256": hex.EncodeToString(kept[:]), "name": "a stolen hash", "policies": []any{}})
	if !got.Done || got.Imported != 1 {
		t.Fatalf("%+v", got)
	}
	for _, text := range []string{hex.EncodeToString(kept[:]), string(kept[:])} {
		if a := n.Do(t, func(h http.Header) { h.Set("Authorization", "Bearer "+text) }, http.MethodGet, "/zones", nil); a.Status/100 != 4 {
			t.Errorf("a hash opens something: %d", a.Status)
		}
	}
	if secret.ImportedHash() == kept || leastkey.ImportedHash(kept) == kept {
		t.Error("an imported hash is that of a secret made here")
	}
}

// rowsOf are audit rows as text.
func rowsOf(done, refused []control.Audit) []string {
	var all []string
	for _, row := range append(done, refused...) {
		all = append(all, row.Action+" "+row.Subject+" "+string(row.Before)+string(row.After)+row.Refused)
	}
	return all
}
