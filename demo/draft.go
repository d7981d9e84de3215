package demo

import (
	"strings"
	"unicode/utf8"
)

// draft is a record as somebody wants it: not yet checked, with names as they were written.
type draft struct {
	Type, Name, Content string
	Priority            *int
	TTL                 *int
	Proxied             bool
	Comment             *string
	Tags                []string
	Data                *form // parts; they win over Content and Priority when they say anything
	Settings            recordSettings

	keep *Record // the record this changes, whose data keeps the shape it was sent in
}

// draft turns a record back into what would make it. The parts in Data follow from Content and Priority.
func (r Record) draft() draft {
	ttl := r.TTL
	return draft{Type: r.Type, Name: r.Name, Content: r.Content, Priority: r.Priority, TTL: &ttl,
		Proxied: r.Proxied, Comment: r.Comment, Tags: r.Tags, Settings: r.Settings}
}

// overlay sets the fields that f has. What it does not know is ignored: clients send back what they were given.
func (d *draft) overlay(f *form) error {
	if f.has("type") {
		d.Type = f.text("type")
	}
	if f.has("name") {
		d.Name = f.text("name")
	}
	if f.has("content") {
		d.Content = f.text("content")
	}
	if f.has("priority") {
		d.Priority = f.number("priority")
	}
	if f.has("ttl") {
		d.TTL = f.number("ttl")
	}
	if f.has("proxied") {
		d.Proxied = f.flag("proxied")
	}
	if _, sent := f.fields["comment"]; sent {
		d.Comment = nil
		if f.has("comment") {
			text := f.text("comment")
			d.Comment = &text
		}
	}
	if f.has("tags") { // null comes from clients that have nothing to say about tags
		d.Tags = f.texts("tags")
	}
	if f.has("data") {
		d.Data = f.object("data")
	}
	if f.has("settings") {
		settings := f.object("settings")
		for name, field := range map[string]**bool{"flatten_cname": &d.Settings.FlattenCNAME,
			"ipv4_only": &d.Settings.IPv4Only, "ipv6_only": &d.Settings.IPv6Only} {
			if settings.has(name) {
				on := settings.flag(name)
				*field = &on
			}
		}
		if f.err == nil {
			f.err = settings.err
		}
	}
	return f.err
}

const (
	maxComment = 500
	maxTags    = 20
	maxTag     = 132 // name 32, colon, value up to 99
)

// record checks a draft and returns the record it makes, without id and times.
func (d draft) record(zone Zone) (Record, error) {
	r := Record{ZoneID: zone.ID, ZoneName: zone.Name, Type: strings.ToUpper(d.Type), Proxied: d.Proxied,
		TTL: 1, Comment: d.Comment, Tags: []string{}}
	name := d.Name
	if name == "" && d.Data != nil { // SRV clients of the older kind put the name in the parts
		name = serviceName(d.Data)
	}
	var err error
	if r.Name, err = recordName(zone.Name, name); err != nil {
		return Record{}, err
	}
	r.Proxiable = proxiable(r.Type)
	if r.Proxied && !r.Proxiable {
		return Record{}, bad(9004, "This record type cannot be proxied: %s", r.Type)
	}
	if d.TTL != nil && *d.TTL > 1 {
		r.TTL = *d.TTL
	}
	if ttl := r.TTL; d.TTL != nil && *d.TTL < 0 || ttl != 1 && (ttl < 60 || ttl > 86400) {
		return Record{}, bad(9021, "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
	}
	if d.Comment != nil && utf8.RuneCountInString(*d.Comment) > maxComment {
		return Record{}, fieldFault("/comment", "the comment is longer than %d characters", maxComment)
	}
	if len(d.Tags) > maxTags {
		return Record{}, fieldFault("/tags", "more than %d tags", maxTags)
	}
	for _, tag := range d.Tags {
		if tag == "" || utf8.RuneCountInString(tag) > maxTag {
			return Record{}, fieldFault("/tags", "a tag is 1 to %d characters", maxTag)
		}
	}
	r.Tags = append(r.Tags, d.Tags...)
	r.Settings = d.Settings
	v, err := d.parse(zone.Name, r.Name)
	if err != nil {
		return Record{}, err
	}
	r.Content, r.Priority, r.plain, r.wire = v.content, v.priority, v.plain, v.wire
	if r.Data, err = v.dataJSON(); err != nil {
		return Record{}, err
	}
	return r, nil
}
