package sqlite

import (
	"strings"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/internal/control"
)

// TestPlans: what is read by key is found by an index and comes in order from it, however much
// else there is. A word that the plan must not have is a scan of everything, or a sort.
func TestPlans(t *testing.T) {
	store := start(t)
	byType, _ := resourceQuery("zone", leastkey.Resource{})
	byParent, _ := resourceQuery("", leastkey.Resource{Type: "account", ID: "a"})
	byBoth, _ := resourceQuery("zone", leastkey.Resource{Type: "account", ID: "a"})
	allResources, _ := resourceQuery("", leastkey.Resource{})
	byAccount, _ := auditQuery(control.AuditFilter{Account: leastkey.ID{1}})
	byActor, _ := auditQuery(control.AuditFilter{Actor: leastkey.UserOf(leastkey.ID{1})})
	bySubject, _ := auditQuery(control.AuditFilter{Subject: "token"})
	allAudit, _ := auditQuery(control.AuditFilter{})
	byUser, _ := auditQuery(control.AuditFilter{User: leastkey.ID{1}})
	byUserAndTime, _ := auditQuery(control.AuditFilter{User: leastkey.ID{1}, From: latest, To: latest, Before: 9})
	byAccountAndTime, _ := auditQuery(control.AuditFilter{Account: leastkey.ID{1}, From: latest, To: latest})
	byTime, _ := auditQuery(control.AuditFilter{From: latest})
	before, _ := auditQuery(control.AuditFilter{Before: 9})
	const scan, sort = "SCAN", "TEMP B-TREE"
	const noCover = "USING INDEX" // not COVERING
	const scanIndex, scanAudit, scanAuditBy = "SCAN audit_index", "SCAN audit;", "SCAN audit USING"
	const scanTable, scanResources, ownIndex = "SCAN resources", "SCAN r", "AUTOMATIC"
	tests := map[string][]string{
		headRevision: {scan}, changesAfter: {scan, sort},
		userByID: {scan}, userByEmail: {scan}, accountByID: {scan}, resourceByID: {scan},
		memberByID: {scan}, membersByAccount: {scan, sort}, membersByUser: {scan, sort}, deleteMember: {scan},
		byType: {scan, sort}, byParent: {scan, sort}, byBoth: {scan, sort}, deleteResource: {scan},
		credentialByID: {scan}, credentialBySecret: {scan}, credentialState: {scan}, secretState: {scan}, revokeCredential: {scan},
		credentialsNaming: {scan, sort}, dropName: {scan}, lastToPrune: {"SCAN audit", sort}, pruneAudit: {scan}, pruneAuditIndex: {scanIndex, scanAudit, scanAuditBy}, indexAudit: {scanAudit}, notInIndex: {scanAudit, scanIndex, "SCAN i"}, strayRows: {scan, sort},
		liveSecrets: {scan}, dropSecret: {scan}, dropAllSecrets: {scan},
		byAccount: {scan, sort}, byActor: {scan, sort}, bySubject: {scan, sort}, auditByID: {scan},
		byUser: {scan, sort}, byUserAndTime: {scan, sort}, byAccountAndTime: {scan, sort}, before: {scan, sort},
		byTime:        {scan}, // of all rows in that time, the newest are sorted out
		findResources: {scanTable, scanResources, ownIndex}, countResources: {scanTable, scanResources, ownIndex},
		sessionByID: {scan}, sessionByHash: {scan}, sessionsByUser: {scan, sort}, deleteSession: {scan}, sessionSeen: {scan},
		identityBySubject: {scan, sort}, identitiesByUser: {scan, sort}, deleteIdentity: {scan},
		linkByHash: {scan}, deleteLink: {scan}, sweepSessions: {scan}, sweepLinks: {scan},
		usesByCredential: {scan, sort}, insertUse: {scan}, trimUses: {scan}, isLive: {scan}, credentialUsed: {scan}, secretUsed: {scan},
		credentialsByOwner: {scan, sort},
		countCredentials:   {scan},
		usersByAge:         {sort}, accountsByAge: {sort}, allResources: {sort}, allAudit: {sort},
		stateOfUsers: {sort}, stateOfAccounts: {sort}, stateOfResources: {sort}, stateOfMembers: {sort},
		stateOfCredentials: {sort}, stateOfSecrets: {sort},
	}
	for _, newest := range []bool{false, true} {
		count, page, _ := pageQueries(control.CredentialPage{Unexpired: latest, NewestFirst: newest})
		tests[count], tests[page] = []string{scanTable, noCover}, []string{scanTable, sort}
	}
	conn, release := writing(t, store)
	defer release()
	for query, never := range tests {
		var plan []string
		stmt, _, err := conn.PrepareTransient("EXPLAIN QUERY PLAN " + query) // the parameters may stay NULL
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		for {
			more, err := stmt.Step()
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if !more {
				break
			}
			plan = append(plan, stmt.GetText("detail"))
		}
		if err := stmt.Finalize(); err != nil {
			t.Errorf("%s: %v", query, err)
		}
		for _, word := range never {
			if text := strings.Join(plan, "; "); strings.Contains(text, word) {
				t.Errorf("%s\n\thas %s in its plan: %s", query, word, text)
			}
		}
	}
}
