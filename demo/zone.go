package demo

import (
	"fmt"

	"zombiezen.com/go/sqlite"
)

// The name servers every zone is told to use. They are names only: the address is that of ServeDNS.
const (
	nameServer1 = "ns1.leastkey-demo.example"
	nameServer2 = "ns2.leastkey-demo.example"
)

// Zone is a DNS zone as the API prints it.
type Zone struct {
	ID        string // 32 lower-case hex
	Name      string // lower case, no trailing dot
	AccountID string
	Account   string // its name; empty when PutAccount never said
	Type      string // full, partial, secondary
	Paused    bool
	Serial    uint32 // of the SOA; grows with every change of the records

	CreatedOn, ModifiedOn string // RFC 3339, UTC
}

type zoneJSON struct {
	ID                string    `json:"id"`
	Name              string    `json:"name"`
	Status            string    `json:"status"`
	Paused            bool      `json:"paused"`
	Type              string    `json:"type"`
	DevelopmentMode   int       `json:"development_mode"`
	CreatedOn         string    `json:"created_on"`
	ModifiedOn        string    `json:"modified_on"`
	ActivatedOn       string    `json:"activated_on"`
	OriginalRegistrar *string   `json:"original_registrar"`
	OriginalHost      *string   `json:"original_dnshost"`
	OriginalServers   []string  `json:"original_name_servers"`
	NameServers       []string  `json:"name_servers"`
	Permissions       []string  `json:"permissions"`
	Account           ownerJSON `json:"account"`
	Owner             ownerJSON `json:"owner"`
	Meta              zoneMeta  `json:"meta"`
	Plan              zonePlan  `json:"plan"`
}

type ownerJSON struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"`
}

type zoneMeta struct {
	PhishingDetected bool `json:"phishing_detected"`
}

type zonePlan struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	LegacyID     string `json:"legacy_id"`
	Price        int    `json:"price"`
	Currency     string `json:"currency"`
	IsSubscribed bool   `json:"is_subscribed"`
	CanSubscribe bool   `json:"can_subscribe"`
}

func (z Zone) json() zoneJSON {
	return zoneJSON{
		ID: z.ID, Name: z.Name, Status: "active", Paused: z.Paused, Type: z.Type,
		CreatedOn: z.CreatedOn, ModifiedOn: z.ModifiedOn, ActivatedOn: z.CreatedOn,
		NameServers: []string{nameServer1, nameServer2},
		Permissions: []string{},
		Account:     ownerJSON{ID: z.AccountID, Name: z.Account},
		Owner:       ownerJSON{ID: z.AccountID, Name: z.Account, Type: "organization"},
		Plan:        zonePlan{ID: "0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee", Name: "Free Website", LegacyID: "free", Currency: "USD"},
	}
}

const selectZone = `SELECT zone.id, zone.name, zone.account_id, coalesce(account.name, ''), zone.type,
	zone.paused, zone.serial, zone.created_on, zone.modified_on
	FROM zone LEFT JOIN account ON account.id = zone.account_id `

func (t *tx) zones(where, order string, limit, offset int, args ...any) ([]Zone, error) {
	var out []Zone
	query := selectZone + "WHERE " + where + " ORDER BY " + order + " LIMIT ? OFFSET ?"
	err := t.each(query, func(s *sqlite.Stmt) error {
		out = append(out, Zone{
			ID: s.ColumnText(0), Name: s.ColumnText(1), AccountID: s.ColumnText(2), Account: s.ColumnText(3), Type: s.ColumnText(4),
			Paused: s.ColumnBool(5), Serial: uint32(s.ColumnInt64(6)), CreatedOn: s.ColumnText(7), ModifiedOn: s.ColumnText(8),
		})
		return nil
	}, append(args, limit, offset)...)
	return out, err
}

// zoneBy finds a zone by one of its unique columns: id or name.
func (t *tx) zoneBy(column, value string) (Zone, bool, error) {
	zones, err := t.zones("zone."+column+" = ?", "zone.seq", 1, 0, value)
	if err != nil || len(zones) == 0 {
		return Zone{}, false, err
	}
	return zones[0], true, nil
}

// createZone makes a zone. A name that is taken is refused, and so is one above or below a zone of another
// account: the longer name wins in DNS, so it would take over a part of that zone.
func (t *tx) createZone(accountID, name, kind string) (Zone, error) {
	if !isID(accountID) {
		return Zone{}, fieldFault("/account/id", "an account id is 32 lower-case hex digits")
	}
	var clash error
	err := t.each(`SELECT name FROM zone WHERE name = ?1 OR
		account_id <> ?2 AND (substr(?1, -length(name) - 1) = '.' || name OR substr(name, -length(?1) - 1) = '.' || ?1)
		ORDER BY name <> ?1 LIMIT 1`,
		func(s *sqlite.Stmt) error {
			if clash = bad(1061, "%s already exists", name); s.ColumnText(0) != name {
				clash = bad(1116, "%s cannot be added: a zone above or below it belongs to another account", name)
			}
			return nil
		}, name, accountID)
	if err == nil {
		err = clash
	}
	if err != nil {
		return Zone{}, err
	}
	id, err := t.newID()
	if err != nil {
		return Zone{}, err
	}
	if err := t.exec(`INSERT INTO zone (id, account_id, name, type, created_on, modified_on) VALUES (?1, ?2, ?3, ?4, ?5, ?5)`,
		id, accountID, name, kind, t.now); err != nil {
		return Zone{}, err
	}
	zone, ok, err := t.zoneBy("id", id)
	if err == nil && !ok {
		err = fmt.Errorf("demo: zone %s is gone right after its insert", id)
	}
	return zone, err
}

// touchZone notes that the records of a zone changed.
func (t *tx) touchZone(id string) error {
	return t.exec(`UPDATE zone SET serial = (serial + 1) & 0xffffffff, modified_on = ? WHERE id = ?`, t.now, id)
}
