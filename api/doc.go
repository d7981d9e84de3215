// Package api is the wire: what the control plane and its clients say to each other.
//
// Every answer is an [Envelope]. A body that a caller sends is read by a Decode function or an
// UnmarshalJSON of this package, which is strict about what counts (names are compared byte for
// byte, no member twice, no unknown restriction) and deaf to junk that real clients send along.
// What is wrong with a body is a [*FieldError], which says where.
//
// The document that describes the whole interface is [OpenAPI].
package api

import _ "embed"

// OpenAPI is the hand-written OpenAPI 3.1 document of the control plane, as YAML.
//
//go:embed openapi.yaml
var OpenAPI []byte
