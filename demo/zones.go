package demo

import (
	"strings"
)

func listZones(t *tx, q *request) (reply, error) {
	v := q.URL.Query()
	info, err := parsePage(v, 20, 5000)
	if err != nil {
		return reply{}, err
	}
	order, err := parseOrder(v, "zone", "name", "account_id", "created_on", "modified_on")
	if err != nil {
		return reply{}, err
	}
	var f filter
	if v.Has("name") {
		f.add("zone.name = ?", strings.TrimSuffix(lowerASCII(v.Get("name")), "."))
	}
	if v.Has("status") { // every zone here is active
		f.add("? = 'active'", lowerASCII(v.Get("status")))
	}
	if v.Has("account.id") {
		f.add("zone.account_id = ?", v.Get("account.id"))
	}
	if v.Has("account.name") {
		f.add("account.name = ?", v.Get("account.name"))
	}
	where, err := f.where(v)
	if err != nil {
		return reply{}, err
	}
	total, err := t.count("SELECT count(*) FROM zone LEFT JOIN account ON account.id = zone.account_id WHERE "+where, f.args...)
	if err != nil {
		return reply{}, err
	}
	zones, err := t.zones(where, order, info.PerPage, info.offset(), f.args...)
	out := []zoneJSON{}
	for _, z := range zones {
		out = append(out, z.json())
	}
	return reply{result: out, info: info.of(len(out), total)}, err
}

func createZone(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	kind := f.zoneType("full")
	account := f.object("account")
	if !f.has("account") { // the name that older clients send
		account = f.object("organization")
	} else if old := f.object("organization"); old.has("id") && old.fields["id"] != account.fields["id"] {
		f.fail("organization/id", "account and organization name two accounts")
	}
	name, accountID := f.text("name"), account.text("id")
	switch {
	case f.err == nil && account.err != nil:
		f.err = account.err
	case name == "":
		f.fail("name", "the name of the zone is missing")
	case accountID == "":
		f.fail("account/id", "the account the zone belongs to is missing")
	}
	if f.err != nil {
		return reply{}, f.err
	}
	if name, err = parseZoneName(name); err != nil {
		return reply{}, err
	}
	zone, err := t.createZone(accountID, name, kind)
	return reply{result: zone.json()}, err
}

func getZone(_ *tx, q *request) (reply, error) { return reply{result: q.zone.json()}, nil }

// editZone changes paused and type. Other fields are the server's own and are ignored, save
// vanity name servers: who asks for those would not get them.
func editZone(t *tx, q *request) (reply, error) {
	f, err := q.object()
	if err != nil {
		return reply{}, err
	}
	zone := q.zone
	zone.Type = f.zoneType(zone.Type)
	if f.has("paused") {
		zone.Paused = f.flag("paused")
	}
	if len(f.texts("vanity_name_servers")) > 0 {
		f.fail("vanity_name_servers", "vanity name servers are not available here")
	}
	if f.err != nil {
		return reply{}, f.err
	}
	if zone.Type != q.zone.Type || zone.Paused != q.zone.Paused {
		zone.ModifiedOn = t.now
	}
	err = t.exec(`UPDATE zone SET type = ?, paused = ?, modified_on = ? WHERE id = ?`, zone.Type, zone.Paused, zone.ModifiedOn, zone.ID)
	return reply{result: zone.json()}, err
}

func (f *form) zoneType(otherwise string) string {
	switch kind := f.text("type"); kind {
	case "":
		return otherwise
	case "full", "partial", "secondary":
		return kind
	}
	f.fail("type", "type must be full, partial or secondary")
	return ""
}

func deleteZone(t *tx, q *request) (reply, error) {
	if err := t.exec(`DELETE FROM document WHERE scope = ?`, q.zone.ID); err != nil {
		return reply{}, err
	}
	err := t.exec(`DELETE FROM zone WHERE id = ?`, q.zone.ID) // records and settings go with it
	return reply{result: idOnly{q.zone.ID}}, err
}

// idOnly is the result of a deletion.
type idOnly struct {
	ID string `json:"id"`
}
