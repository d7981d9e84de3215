package nodetest_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
	. "github.com/leastkey/leastkey/internal/nodetest"
)

// Law 6: a secret is returned by create and roll, and is in no database, log, audit row or error.
func TestLaw6ShownOnce(t *testing.T) {
	n := Start(t, Config{})
	secrets := map[string]string{"Global API Key": n.Ada.Key}
	var answers [][]byte
	do := func(by Credential, method, path string, body any) {
		t.Helper()
		a := n.Do(t, by, method, path, body)
		answers = append(answers, a.Body)
		for _, values := range a.Header {
			for _, value := range values {
				answers = append(answers, []byte(value))
			}
		}
	}
	ada := n.Ada.ByKey()
	allow := n.Allow(t, On(ZoneKey(n.Ada.Zones[0])), "DNS Write", "DNS Read")
	for _, path := range []string{"/user/tokens", "/accounts/" + n.Ada.Account.String() + "/tokens"} {
		var token Token
		n.Must(t, ada, "POST", path, Object{"name": "n", "policies": []Policy{allow}}, &token)
		var rolled, again string
		n.Must(t, ada, "PUT", path+"/"+token.ID+"/value", `{"overlap_seconds":60}`, &rolled)
		n.Must(t, ada, "PUT", path+"/"+token.ID+"/value", nil, &again)
		secrets[path], secrets[path+" rolled"], secrets[path+" again"] = token.Value, rolled, again
		for _, value := range []string{token.Value, rolled, again} {
			do(Bearer(value), "GET", path+"/verify", nil)
			do(Bearer(value), "GET", "/zones/"+n.Ada.Zones[0]+"/dns_records", nil)
			do(Bearer(value), "GET", "/zones/"+n.Ben.Zones[0]+"/dns_records", nil)
			do(Bearer(value), "DELETE", path+"/"+token.ID, nil)
			do(Bearer(value[:len(value)-1]), "GET", path+"/verify", nil)
			do(Bearer(`"`+value), "GET", path+"/verify", nil)
			do(Fields("X-Auth-Key", value, "X-Auth-Email", n.Ada.Email), "GET", path+"/verify", nil)
			do(Fields("Authorization", value), "GET", path, nil)
			do(Fields("Cookie", "token="+value), "GET", path, nil)
		}
		do(ada, "GET", path+"/"+token.ID, nil)
		do(ada, "GET", path, nil)
		do(ada, "PUT", path+"/"+token.ID, Object{"name": "edited", "policies": []Policy{allow}, "value": again})
		do(Bearer(n.Ada.Key), "GET", path, nil)
		do(ada, "DELETE", path+"/"+token.ID, nil)
	}
	made := n.Operate(t, "POST", "/users", Object{"email": "eve@example.com"})
	var eve struct {
		Password string `json:"password"`
		Key      string `json:"global_api_key"`
	}
	made.Result(t, &eve)
	secrets["Eve's key"], secrets["Eve's password"] = eve.Key, eve.Password
	chosen := "a password that she chose"
	n.Operate(t, "POST", "/users", Object{"email": "kim@example.com", "password": chosen})
	secrets["Kim's password"] = chosen
	answers = append(answers, n.Operate(t, "GET", "/users", nil).Body, n.Operate(t, "POST", "/users", Object{"email": "", "password": chosen}).Body)

	// Where they could have been left: what was answered later, the log, the audit rows and the
	// change log as they are read, and every file, with and without the write-ahead log.
	places := map[string][]byte{"the answers": bytes.Join(answers, []byte("\n")), "the log": []byte(n.Log.String())}
	err := n.Store.View(context.Background(), func(r control.Reader) error {
		rows, err := r.AuditRows(control.AuditFilter{Limit: 10_000})
		if err != nil {
			return err
		}
		if places["the audit rows"], err = json.Marshal(rows); err != nil {
			return err
		}
		changes, err := r.Changes(0, 10_000)
		if err != nil {
			return err
		}
		places["the change log"], err = json.Marshal(changes)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	files(t, n.Dir(), "while it runs", places)
	n.Stop(t)
	files(t, n.Dir(), "when it has stopped", places)
	if len(places["while it runs: leastkey.db-wal"]) == 0 || len(places["when it has stopped: leastkey.db"]) == 0 || !bytes.Contains(places["the audit rows"], []byte("token.roll")) {
		t.Fatalf("the places were not looked at: %d", len(places))
	}
	for what, secret := range secrets {
		if len(secret) < 20 {
			t.Fatalf("%s is %q", what, secret)
		}
		for _, spelling := range spellings(secret) {
			for where, content := range places {
				if bytes.Contains(bytes.ToLower(content), bytes.ToLower([]byte(spelling))) {
					t.Errorf("%s is in %s", what, where)
				}
			}
		}
	}
}

// spellings of a secret under which it would still be of use: most of it, encoded or not.
func spellings(secret string) []string {
	part := secret[:len(secret)*3/4]
	return []string{part, hex.EncodeToString([]byte(part)), base64.RawStdEncoding.EncodeToString([]byte(part[:len(part)/3*3])),
		base64.RawURLEncoding.EncodeToString([]byte(part[:len(part)/3*3]))}
}

func files(t *testing.T, dir, when string, into map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		into[when+": "+d.Name()], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is kept in place of a secret opens nothing.
func TestLaw6WhatIsKeptOpensNothing(t *testing.T) {
	n := Start(t, Config{})
	token := n.Mint(t, n.Ada.ByKey(), "n")
	secret, _, err := leastkey.DefaultBrand.Parse(token.Value)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := secret.Hash().MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{string(hash), string(hash[:32]), token.ID, secret.Tail(), secret.String()} {
		if a := n.Do(t, Bearer(kept), "GET", "/user/tokens/verify", nil); a.Status == 200 {
			t.Errorf("%s opens", kept)
		}
	}
}
