package openapi

import (
	"net/textproto"
	"slices"

	"github.com/leastkey/leastkey/catalog"
)

// keyHeaders are the fields in which the document says that clients send a key, in its order, as far
// as a catalogue can have a token come there.
func (d *document) keyHeaders() []string {
	const most = 4
	schemes := d.top.key("components").key("securitySchemes")
	if d.version == "2.0" {
		schemes = d.top.key("securityDefinitions")
	}
	if schemes == nil {
		return nil
	}
	var names []string
	for _, key := range schemes.keys {
		scheme := schemes.at[key]
		name := textproto.CanonicalMIMEHeaderKey(scheme.key("name").string())
		if scheme.key("type").string() == "apiKey" && scheme.key("in").string() == "header" &&
			catalog.IsTokenHeader(name) && !slices.Contains(names, name) && len(names) < most {
			names = append(names, name)
		}
	}
	return names
}
