package workload

import (
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/leastkey/leastkey"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Secret is that of the i-th token. An i beyond the last token gives one that nobody has.
func (w *Workload) Secret(i int) string {
	text := make([]byte, 0, 49)
	if i%3 == 2 && w.shape == Typical {
		text = append(text, "lkat_"...)
	} else {
		text = append(text, "lkut_"...)
	}
	r := w.draw(secretKind, i)
	for range 4 {
		for bits, n := r.next(), 0; n < 9; n++ {
			text = append(text, base62[bits%62])
			bits /= 62
		}
	}
	sum := crc32.ChecksumIEEE(text)
	return string(hex.AppendEncode(text, []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}))
}

// Hash is what is kept of the secret of the i-th token.
func (w *Workload) Hash(i int) leastkey.SecretHash {
	secret, err := leastkey.ForeignSecret(w.Secret(i)) // any reader of the text will do
	if err != nil {
		panic(err)
	}
	return secret.Hash()
}

// TokenID is the id of the i-th token.
func (w *Workload) TokenID(i int) leastkey.ID { return w.id(tokenKind, i) }

// Token is the i-th. An i beyond the last gives one more of the same mix.
func (w *Workload) Token(i int) leastkey.CredentialRecord {
	owner, _, accounts := w.owner(i)
	token := leastkey.Credential{ID: w.TokenID(i), Kind: leastkey.Token, Principal: owner, Status: leastkey.Active}
	r := w.draw(tokenKind, -1-i)
	switch w.shape {
	case Narrow:
		token.Policies = w.shaped(i, 1, 1)
	case Wide:
		token.Policies = w.shaped(i, 10, 50)
	default:
		w.typical(&token, i, accounts, r)
	}
	return leastkey.CredentialRecord{Credential: token, Secrets: []leastkey.LiveSecret{{Hash: w.Hash(i)}}}
}

// typical is a token of the mix.
func (w *Workload) typical(token *leastkey.Credential, i int, accounts []int, r *random) {
	if r.chance(1) {
		token.Status = leastkey.Disabled
	}
	if r.chance(20) {
		token.Condition.In = append(token.Condition.In, network(r))
		if r.chance(25) {
			token.Condition.In = append(token.Condition.In, network(r))
		}
	}
	if r.chance(20) {
		day := 1 + r.below(365)
		if r.chance(10) {
			day = -day
		}
		token.Validity.ExpiresOn = Now().Add(time.Duration(day) * 24 * time.Hour)
	}
	denies := r.chance(10)
	n := 1 + r.below(3)
	token.Policies = make([]leastkey.Policy, 0, n+1)
	for k := range n {
		on := zoneType
		if k > 0 && r.chance(25) {
			on = leastkey.AccountType
		}
		p := leastkey.Policy{ID: w.id(policyKind, i*4+k), Effect: leastkey.Allow, Groups: w.someGroups(on, r), Patterns: w.patterns(on, accounts, denies && k == 0, r)}
		token.Policies = append(token.Policies, p)
	}
	if denies {
		token.Policies = append(token.Policies, w.deny(i, token.Policies[0], accounts, r))
	}
}

// someGroups are one to three of a type, of which the first is one that some operation accepts.
func (w *Workload) someGroups(on leastkey.ResourceType, r *random) []leastkey.ID {
	groups := make([]leastkey.ID, 0, 3)
	groups = append(groups, w.routable[on][r.below(len(w.routable[on]))])
	for range r.below(3) {
		if g := w.groups[on][r.below(len(w.groups[on]))]; g != groups[0] && g != groups[len(groups)-1] {
			groups = append(groups, g)
		}
	}
	return groups
}

// patterns are one to five zones, all zones of an account, or all; or an account, or all.
func (w *Workload) patterns(on leastkey.ResourceType, accounts []int, several bool, r *random) []leastkey.Pattern {
	account := accounts[r.below(len(accounts))]
	extent := r.below(10)
	switch {
	case extent >= 8:
		return []leastkey.Pattern{leastkey.PatternEvery(on)}
	case on == leastkey.AccountType:
		return []leastkey.Pattern{leastkey.PatternOne(w.account(account))}
	case extent >= 5:
		return []leastkey.Pattern{leastkey.PatternUnder(zoneType, w.account(account))}
	}
	n := 1 + r.below(5)
	if several {
		n = max(n, 2)
	}
	first, all := w.zoneOf(account, r), make([]leastkey.Pattern, 0, n)
	for k := range min(n, w.Zones/w.Accounts) {
		all = append(all, leastkey.PatternOne(w.zone((first+k*w.Accounts)%w.Zones)))
	}
	return all
}

// deny takes one zone out of what a policy allows.
func (w *Workload) deny(i int, from leastkey.Policy, accounts []int, r *random) leastkey.Policy {
	zone := leastkey.PatternOne(w.zone(w.zoneOf(accounts[0], r)))
	if from.Patterns[0].Extent == leastkey.One {
		zone = from.Patterns[r.below(len(from.Patterns))]
	}
	return leastkey.Policy{ID: w.id(policyKind, i*4+3), Effect: leastkey.Deny, Groups: from.Groups[:1:1], Patterns: []leastkey.Pattern{zone}}
}

// shaped are policies for one group each, on as many zones each.
func (w *Workload) shaped(i, policies, zones int) []leastkey.Policy {
	r := w.draw(tokenKind, -1-i)
	group, zone := r.below(len(w.routable[zoneType])), r.below(w.Zones)
	all := make([]leastkey.Policy, policies)
	for k := range all {
		all[k] = leastkey.Policy{ID: w.id(policyKind, i*16+k), Effect: leastkey.Allow, Groups: []leastkey.ID{w.routable[zoneType][(group+k)%len(w.routable[zoneType])]}}
		for range zones {
			all[k].Patterns = append(all[k].Patterns, leastkey.PatternOne(w.zone(zone%w.Zones)))
			zone++
		}
	}
	return all
}

// network is one of 65,536 blocks.
func network(r *random) leastkey.AddressRange {
	block, err := leastkey.ParseAddressRange(fmt.Sprintf("10.%d.%d.0/24", r.below(256), r.below(256)))
	if err != nil {
		panic(err)
	}
	return block
}
