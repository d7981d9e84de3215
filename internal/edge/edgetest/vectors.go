package edgetest

import (
	"net/http"
	"strconv"
	"strings"
)

const (
	records = "/client/v4/zones/{zone}/dns_records"
	host    = "Host: api.example"
	bearer  = "Authorization: Bearer {token}"
)

// get is a GET of the target with the token of the world and more headers.
func get(target string, headers ...string) string { return head("GET "+target+" HTTP/1.1", headers...) }

// head is a request line, Host, the token, and more headers.
func head(line string, headers ...string) string {
	return bare(append([]string{line, host, bearer}, headers...)...)
}

// bare is a head of just these lines.
func bare(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

// post is a POST of a record with more headers and, behind the head, the rest.
func post(rest string, headers ...string) string {
	return head("POST "+records+" HTTP/1.1", headers...) + rest
}

// sized is a POST with a body of known length.
func sized(body string, headers ...string) string {
	return post(body, append(headers, "Content-Length: "+strconv.Itoa(len(body)))...)
}

func chunked(rest string, headers ...string) string {
	return post(rest, append(headers, "Transfer-Encoding: chunked")...)
}

func refused(statuses ...int) want { return want{refused: statuses} }

// asIs is the GET of the records, with nothing added and nothing lost.
func asIs() want { return gets(records) }

func gets(target string) want { return want{line: "GET " + target + " HTTP/1.1"} }

func posts(body string) want { return want{line: "POST " + records + " HTTP/1.1", body: body} }

// smuggled is a request that would do harm if it were ever taken for one.
const smuggled = "DELETE /client/v4/zones/forged HTTP/1.1\r\nHost: forged\r\n\r\n"

// hostile is every hostile request there is.
func hostile() []vector {
	all := [][]vector{paths(), queries(), forms(), methods(), credentials(), identities(), origins(), hops(), alone(), lengths(), chunks(), lineEnds(), hosts()}
	var flat []vector
	for _, some := range all {
		flat = append(flat, some...)
	}
	return flat
}

const bad = http.StatusBadRequest
