package gateway

import (
	"crypto/sha1" //nolint:gosec // RFC 6455 has it so; nothing rests on its strength
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/guard"
	"golang.org/x/net/http/httpguts"
)

// The header fields of RFC 6455, as net/http spells them.
const (
	webSocketKey        = "Sec-Websocket-Key"
	webSocketVersion    = "Sec-Websocket-Version"
	webSocketProtocol   = "Sec-Websocket-Protocol"
	webSocketExtensions = "Sec-Websocket-Extensions"
	webSocketAccept     = "Sec-Websocket-Accept"
)

// handshake is what a client says to go on in WebSocket (RFC 6455, section 4.1).
type handshake struct {
	key        string
	protocols  []string // that it offers
	extensions []string // that it offers, without their parameters
	fields     http.Header
}

// mostOffers bounds the protocols and the extensions that one client offers.
const mostOffers = 32

// readHandshake refuses what is not a handshake to the letter: a server behind that is less strict
// could take it for something else.
func readHandshake(r *http.Request, hasBody bool) (handshake, *failure) {
	h := handshake{fields: http.Header{}}
	switch {
	case r.ProtoMajor != 1 || r.ProtoMinor != 1:
		return h, noHandshake("it needs HTTP/1.1")
	case hasBody:
		return h, noHandshake("it has no body")
	case !httpguts.HeaderValuesContainsToken(r.Header["Connection"], "upgrade"):
		return h, noHandshake("it needs Connection: Upgrade beside Upgrade: websocket")
	}
	for name, values := range r.Header {
		switch name {
		case webSocketKey, webSocketVersion, webSocketProtocol, webSocketExtensions:
			h.fields[name] = slices.Clone(values)
			continue
		}
		switch plainName(name) {
		case "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol", "sec-websocket-extensions":
			return h, ambiguous("a header name differs from " + plainName(name) + " only in its marks; some programs would take it for that")
		}
	}
	if version := h.fields[webSocketVersion]; len(version) != 1 || version[0] != "13" {
		return h, &failure{status: http.StatusUpgradeRequired, code: api.CodeInvalidRequest,
			message: "A WebSocket handshake needs Sec-WebSocket-Version: 13, once"}
	}
	key := h.fields[webSocketKey]
	if len(key) != 1 || !isKey(key[0]) {
		return h, noHandshake("Sec-WebSocket-Key must come once and be 16 bytes in base64")
	}
	h.key = key[0]
	var ok bool
	if h.protocols, ok = offers(h.fields[webSocketProtocol], func(offer string) string { return offer }); !ok {
		return h, noHandshake("Sec-WebSocket-Protocol must be a list of names, each once")
	}
	if h.extensions, ok = offers(h.fields[webSocketExtensions], extensionName); !ok {
		return h, noHandshake("Sec-WebSocket-Extensions must be a list of names with parameters")
	}
	slices.Sort(h.extensions) // one may be offered again, with other parameters
	h.extensions = slices.Compact(h.extensions)
	if len(slices.Compact(slices.Sorted(slices.Values(h.protocols)))) != len(h.protocols) {
		return h, noHandshake("Sec-WebSocket-Protocol must be a list of names, each once")
	}
	return h, nil
}

func noHandshake(why string) *failure {
	return &failure{status: http.StatusBadRequest, code: api.CodeInvalidRequest, message: "Malformed WebSocket handshake: " + why}
}

// isKey tells 16 bytes in base64, in the one spelling that they have.
func isKey(s string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(raw) == 16 && len(s) == base64.StdEncoding.EncodedLen(16)
}

// offers reads a list that may be divided over several fields, and takes the name of each.
func offers(fields []string, nameOf func(string) string) ([]string, bool) {
	var names []string
	for _, field := range fields {
		for offer := range strings.SplitSeq(field, ",") {
			name := nameOf(strings.Trim(offer, " \t"))
			if !httpguts.ValidHeaderFieldName(name) || len(names) == mostOffers { // which is a token
				return nil, false
			}
			names = append(names, name)
		}
	}
	return names, true
}

func extensionName(offer string) string {
	name, _, _ := strings.Cut(offer, ";")
	return strings.TrimRight(name, " \t")
}

// ask puts the handshake into the request that goes to the upstream, and nothing else of WebSocket.
func (h handshake) ask(out http.Header) {
	dropWebSocket(out)
	maps.Copy(out, h.fields)
	out.Set("Connection", "Upgrade")
	out.Set("Upgrade", "websocket")
}

func dropWebSocket(h http.Header) {
	for name := range h {
		if strings.HasPrefix(plainName(name), "sec-websocket") {
			delete(h, name)
		}
	}
}

// accept is the answer to the key (RFC 6455, section 4.2.2).
func (h handshake) accept() string {
	sum := sha1.Sum([]byte(h.key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // see above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// agrees checks that an upstream that switches protocols does what it was asked for: whoever only
// repeats a status, or has another request in mind, does not know the answer to the key.
func (h handshake) agrees(answer *http.Response) error {
	header := answer.Header
	one := func(name, want string) bool {
		return len(header[name]) == 1 && strings.EqualFold(header[name][0], want)
	}
	accepted := header[webSocketAccept]
	protocol, named := offers(header[webSocketProtocol], func(offer string) string { return offer })
	extensions, listed := offers(header[webSocketExtensions], extensionName)
	switch {
	case answer.ProtoMajor != 1 || answer.ProtoMinor != 1:
		return fmt.Errorf("upstream switches protocols in %s", answer.Proto)
	case !one("Upgrade", "websocket") || !httpguts.HeaderValuesContainsToken(header["Connection"], "upgrade"):
		return fmt.Errorf("upstream switches to %q, with Connection %q", header["Upgrade"], header["Connection"])
	case len(accepted) != 1 || accepted[0] != h.accept():
		return fmt.Errorf("upstream switches protocols with the wrong Sec-WebSocket-Accept")
	case len(header["Content-Length"]) > 0 || len(header["Transfer-Encoding"]) > 0 || len(answer.TransferEncoding) > 0:
		return fmt.Errorf("upstream switches protocols with an answer that has a length")
	case !named || len(protocol) > 1 || len(protocol) == 1 && !slices.Contains(h.protocols, protocol[0]):
		return fmt.Errorf("upstream chose the protocol %q of %q", header[webSocketProtocol], h.protocols)
	case !listed || len(slices.Compact(slices.Sorted(slices.Values(extensions)))) != len(extensions):
		return fmt.Errorf("upstream chose the extensions %q", header[webSocketExtensions])
	}
	for _, extension := range extensions {
		if !slices.Contains(h.extensions, extension) {
			return fmt.Errorf("upstream chose the extension %q of %q", extension, h.extensions)
		}
	}
	return nil
}

// answer is the header of the answer that tells the client that the protocol is another one from
// here on: what the upstream said, without what is about the connection behind.
func (h handshake) answer(header http.Header) http.Header {
	out := header.Clone()
	for _, value := range header["Connection"] {
		for named := range strings.SplitSeq(value, ",") {
			out.Del(strings.Trim(named, " \t"))
		}
	}
	for name := range out {
		if guard.Framing(name) {
			delete(out, name)
		}
	}
	dropWebSocket(out)
	for _, name := range []string{webSocketProtocol, webSocketExtensions} {
		if len(header[name]) > 0 {
			out[name] = header[name]
		}
	}
	out.Set(webSocketAccept, h.accept())
	out.Set("Connection", "Upgrade")
	out.Set("Upgrade", "websocket")
	return out
}
