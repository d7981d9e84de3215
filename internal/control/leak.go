package control

import (
	"context"
	"errors"
	"net/netip"
	"slices"

	"github.com/leastkey/leastkey"
)

// Leak is a secret that others came to know.
type Leak struct {
	Secret leastkey.Secret
	URL    string // where it was found; may be empty
}

// LeakReport is how it came to be known here.
type LeakReport struct {
	By       string     // which part of Leastkey was told: "secret holder", "secret scanning"
	Addr     netip.Addr // by whom
	WarnOnly bool       // only the owner is told
}

// longestURL bounds what is kept of where a secret was found, in bytes.
const longestURL = 500

// ReportLeaks ends what each secret opens, or with WarnOnly tells its owner, and says which were secrets
// that were still good for something. Whoever holds a secret may end it, so nobody is asked for a
// right. Of others nothing is kept. When it fails, those before may have been ended: report again.
func (c *Control) ReportLeaks(ctx context.Context, report LeakReport, leaks []Leak) ([]bool, error) {
	known := make([]bool, len(leaks))
	found := make([]leaked, len(leaks))
	err := c.store.View(ctx, func(r Reader) error {
		for i, l := range leaks {
			var err error
			if found[i], known[i], err = findLeaked(r, l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, settle(err)
	}
	for i, l := range leaks {
		if !known[i] {
			continue
		}
		if err := unlessGone(c.reportLeak(ctx, report, found[i], l)); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// leaked is what a leaked secret opens.
type leaked struct {
	credential leastkey.ID
	hash       leastkey.SecretHash
}

// findLeaked looks for a secret that was made here, and then for one that was imported.
func findLeaked(r Reader, l Leak) (leaked, bool, error) {
	for _, hash := range []leastkey.SecretHash{l.Secret.Hash(), l.Secret.ImportedHash()} {
		found, err := r.CredentialWithSecret(hash)
		if !errors.Is(err, ErrNotFound) {
			return leaked{found.ID, hash}, err == nil, err
		}
	}
	return leaked{}, false, nil
}

func (c *Control) reportLeak(ctx context.Context, report LeakReport, on leaked, l Leak) error {
	id := on.credential
	var owner leastkey.Principal
	err := c.store.View(ctx, func(r Reader) error {
		credential, err := r.Credential(id)
		owner = credential.Principal
		return explain(err, "credential", id)
	})
	if err != nil {
		return settle(err)
	}
	// What is done to the owner's own is in the owner's log, by the part of Leastkey that did it.
	caller := Caller{Principal: owner, Credential: id, Addr: report.Addr, agent: report.By, settled: true}
	return c.act(ctx, caller, owner.Resource(), attempt{action: "leak.report"}, func(tx Tx, _ authority, done *deed) error {
		was, err := tx.Credential(id)
		if err != nil {
			return explain(err, "credential", id)
		}
		done.subject = "token " + id.String()
		if was.Kind != leastkey.Token {
			done.subject = owner.String()
		}
		found := recordedLeak{Name: was.Name, Tail: l.Secret.Tail(), URL: l.URL[:min(len(l.URL), longestURL)]}
		if report.WarnOnly {
			done.after = found
			return nil
		}
		return c.endLeaked(tx, done, was, on.hash, found)
	})
}

// endLeaked ends the secret; and with the last one the credential.
func (c *Control) endLeaked(tx Tx, done *deed, was Credential, secret leastkey.SecretHash, found recordedLeak) error {
	is := was
	is.Secrets = slices.DeleteFunc(slices.Clone(was.Secrets), func(s StoredSecret) bool { return s.Hash.Equal(secret) })
	if len(is.Secrets) == len(was.Secrets) {
		return noSuch("credential", was.ID) // rolled meanwhile
	}
	done.action, done.before = "leak.revoke", found
	record := is.Record()
	done.changes = []leastkey.Change{{Credential: &record}}
	if len(is.Secrets) == 0 {
		return tx.RevokeCredential(was.ID, c.now())
	}
	done.after = recordedLeak{Name: was.Name, Tail: is.Secrets[0].Tail}
	is.ModifiedOn = c.now()
	return tx.PutCredential(is)
}

// recordedLeak is a leak as audit rows have it.
type recordedLeak struct {
	Name string `json:"name"`
	Tail string `json:"tail"` // of the secret: its last four characters
	URL  string `json:"url,omitempty"`
}
