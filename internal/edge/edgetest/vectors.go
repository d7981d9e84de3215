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

func hostile() []vector {
	all := [][]vector{paths(), queries(), forms(), methods(), credentials(), identities(), origins(), hops(), lengths(), chunks(), lineEnds(), hosts()}
	var flat []vector
	for _, some := range all {
		flat = append(flat, some...)
	}
	return flat
}

const bad = http.StatusBadRequest

func paths() []vector {
	return []vector{
		{"path in order", get(records), asIs()},
		{"path with one slash at the end", get(records + "/"), asIs()},
		{"path with characters that some would encode anew", get(records + "/a!$&'()*+,=:@~-._b%20%22%5Bc"), gets(records + "/a!$&'()*+,=:@~-._b%20%22%5Bc")},
		{"path with two slashes at the end", get(records + "//"), refused(bad)},
		{"path with dot segments", get("/client/v4/zones/{zone}/../{other}/dns_records"), refused(bad)},
		{"path with a single dot", get("/client/v4/./zones/{zone}/dns_records"), refused(bad)},
		{"path with encoded dots", get("/client/v4/zones/{zone}/%2e%2e/{other}/dns_records"), refused(bad)},
		{"path with encoded dots in upper case", get("/client/v4/zones/{zone}/%2E%2E/{other}/dns_records"), refused(bad)},
		{"path with half-encoded dots", get("/client/v4/zones/{zone}/.%2E/{other}/dns_records"), refused(bad)},
		{"path with doubly encoded dots", get("/client/v4/zones/{zone}/%252e%252e/{other}/dns_records"), refused(bad)},
		{"path with dots that go above the root", get("/../client/v4/zones/{zone}/dns_records"), refused(bad)},
		{"path with an encoded slash", get("/client/v4/zones/{zone}%2Fdns_records"), refused(bad)},
		{"path with an encoded slash in lower case", get("/client/v4/zones/{zone}/dns_records%2f..%2f..%2f{other}"), refused(bad)},
		{"path with a backslash", get(`/client/v4/zones/{zone}\..\{other}/dns_records`), refused(bad)},
		{"path with an encoded backslash", get("/client/v4/zones/{zone}%5C..%5C{other}/dns_records"), refused(bad)},
		{"path with two slashes", get("/client/v4//zones/{zone}/dns_records"), refused(bad)},
		{"path that begins with two slashes", get("//client/v4/zones/{zone}/dns_records"), refused(bad)},
		{"path that begins like a host", get("//forged.example/client/v4/zones/{zone}/dns_records"), refused(bad)},
		{"path with a parameter", get("/client/v4/zones/{zone};v=1/dns_records"), refused(bad)},
		{"path with dots and a parameter", get("/client/v4/zones/{zone}/..;/{other}/dns_records"), refused(bad)},
		{"path with an encoded semicolon", get("/client/v4/zones/{zone}%3B/dns_records"), refused(bad)},
		{"path with an encoded NUL", get("/client/v4/zones/{zone}%00/dns_records"), refused(bad)},
		{"path with an encoded line end", get("/client/v4/zones/{zone}%0D%0AX-Forged:%201/dns_records"), refused(bad)},
		{"path with an encoded question mark", get("/client/v4/zones/{zone}%3F/dns_records"), refused(bad)},
		{"path with an encoded number sign", get("/client/v4/zones/{zone}%23/dns_records"), refused(bad)},
		{"path with a fragment", get(records + "#/forged"), refused(bad)},
		{"path with an encoded letter", get("/client/v4/zone%73/{zone}/dns_records"), refused(bad)},
		{"path with overlong UTF-8 dots", get("/client/v4/zones/{zone}/%C0%AE%C0%AE/{other}/dns_records"), refused(bad)},
		{"path with a full-width slash", get("/client/v4/zones/{zone}%EF%BC%8Fdns_records"), refused(bad)},
		{"path with UTF-8", get("/client/v4/zones/{zone}/dns_records/é"), refused(bad)},
		{"path with a byte that is not UTF-8", get("/client/v4/zones/{zone}/dns_records/\xff"), refused(bad)},
		{"path with a percent sign alone", get("/client/v4/zones/{zone}/dns_records/%"), refused(bad)},
		{"path with a broken encoding", get("/client/v4/zones/{zone}/dns_records/%zz"), refused(bad)},
		{"path with an IIS encoding", get("/client/v4/zones/{zone}/%u002e%u002e/{other}"), refused(bad)},
		{"path with a space", get("/client/v4/zones/{zone}/dns_records /x"), refused(bad)},
		{"path with a tab", get("/client/v4/zones/{zone}/dns_records\tx"), refused(bad)},
		{"path with a NUL", get("/client/v4/zones/{zone}/dns_records\x00"), refused(bad)},
		{"path with DEL", get("/client/v4/zones/{zone}/dns_records\x7f"), refused(bad)},
		{"path with a fixed segment in another case", get("/client/v4/Zones/{zone}/dns_records"), refused(http.StatusNotFound)},
		{"path with the base in another case", get("/CLIENT/v4/zones/{zone}/dns_records"), refused(http.StatusNotFound)},
		{"path with a fixed segment in another case, where an id could be", get("/client/v4/zones/{zone}/DNS_records"), refused(http.StatusNotFound)},
		{"path of the zone that is not granted", get("/client/v4/zones/{other}/dns_records"), refused(http.StatusForbidden)},
		{"path with an id in upper case", get("/client/v4/zones/ABCDEF0123456789ABCDEF0123456789/dns_records"), refused(http.StatusForbidden)},
		{"path with an id and a blank", get("/client/v4/zones/{zone}%20/dns_records"), refused(http.StatusForbidden)},
		{"path too long", get("/client/v4/zones/{zone}/dns_records/" + strings.Repeat("a", 3000)), refused(bad)},
		{"path too deep", get("/client/v4" + strings.Repeat("/a", 100)), refused(bad)},
	}
}

func queries() []vector {
	const odd = records + "?name=%2e%2e%2f&b=//../&c=?x=y&d=%00&e=a+b&&="
	return []vector{
		{"query byte for byte", get(odd), gets(odd)},
		{"query that is empty", get(records + "?"), asIs()},
		{"query behind a slash", get(records + "/?a=b"), gets(records + "?a=b")},
		{"query with a semicolon", get(records + "?a=1;b=2"), refused(bad)},
		{"query with UTF-8", get(records + "?a=é"), refused(bad)},
		{"query with a broken encoding", get(records + "?a=%zz"), refused(bad)},
		{"query with a backslash", get(records + `?a=\`), refused(bad)},
		{"query with a fragment", get(records + "?a=b#c"), refused(bad)},
		{"query with a control character", get(records + "?a=\x01"), refused(bad)},
		{"query too long", get(records + "?" + strings.Repeat("a", 9000)), refused(bad)},
		{"query with another method", get(records + "?_method=DELETE"), refused(bad)},
		{"query with another method, encoded", get(records + "?%5Fmethod=DELETE"), refused(bad)},
		{"query with a token", bare("GET "+records+"?access_token=x HTTP/1.1", host), refused(http.StatusUnauthorized)},
	}
}

func forms() []vector {
	return []vector{
		{"absolute form", get("http://api.example" + records), refused(bad)},
		{"absolute form of another host", get("http://forged.example" + records), refused(bad)},
		{"authority form", head("CONNECT forged.example:443 HTTP/1.1"), refused(bad)},
		{"authority form without CONNECT", get("forged.example:443"), refused(bad)},
		{"asterisk form", head("OPTIONS * HTTP/1.1"), refused(bad)},
		{"asterisk form without OPTIONS", get("*"), refused(bad)},
		{"no slash in front", get("client/v4/zones/{zone}/dns_records"), refused(bad)},
		{"no target", head("GET  HTTP/1.1"), refused(bad)},
		{"no version", head("GET " + records), refused(bad)},
		{"two spaces in the request line", head("GET  " + records + " HTTP/1.1"), refused(bad)},
		{"a space behind the request line", head("GET " + records + " HTTP/1.1 "), refused(bad)},
		{"a tab in the request line", head("GET\t" + records + " HTTP/1.1"), refused(bad)},
		{"a space before the request line", head(" GET " + records + " HTTP/1.1"), refused(bad)},
		{"an empty line before the request line", "\r\n" + get(records), refused(bad)},
		{"version 1.0", head("GET " + records + " HTTP/1.0"), asIs()},
		{"version 1.2", head("GET " + records + " HTTP/1.2"), refused(http.StatusHTTPVersionNotSupported)},
		{"version 2.0 in words", head("GET " + records + " HTTP/2.0"), refused(http.StatusHTTPVersionNotSupported)},
		{"version in lower case", head("GET " + records + " http/1.1"), refused(http.StatusHTTPVersionNotSupported)},
		{"preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", refused(http.StatusHTTPVersionNotSupported)},
		{"head too long", get(records, "X-Long: "+strings.Repeat("a", 40<<10)), refused(http.StatusRequestHeaderFieldsTooLarge)},
	}
}

func methods() []vector {
	return []vector{
		{"method in lower case", head("get " + records + " HTTP/1.1"), refused(bad)},
		{"method in mixed case", head("Get " + records + " HTTP/1.1"), refused(bad)},
		{"method that is unknown", head("FORGE " + records + " HTTP/1.1"), refused(http.StatusNotFound)},
		{"method TRACE", head("TRACE " + records + " HTTP/1.1"), refused(http.StatusNotFound)},
		{"method OPTIONS", head("OPTIONS " + records + " HTTP/1.1"), refused(http.StatusNotFound)},
		{"method with a mark", head("GET: " + records + " HTTP/1.1"), refused(bad)},
		{"method of the filter itself", head("refused- /1 HTTP/1.1"), refused(bad)},
		{"method overridden", get(records, "X-HTTP-Method-Override: DELETE"), asIs()},
		{"method overridden in other words", get(records, "X-HTTP-Method: forged", "X-Method-Override: forged"), asIs()},
		{"method overridden with underscores", get(records, "X_HTTP_Method_Override: DELETE"), refused(bad)},
	}
}

func credentials() []vector {
	const line = "GET " + records + " HTTP/1.1"
	return []vector{
		{"no credential", bare(line, host), refused(http.StatusUnauthorized)},
		{"two tokens", get(records, bearer), refused(bad)},
		{"two tokens in two cases", get(records, "authorization: Bearer {token}"), refused(bad)},
		{"token and another", get(records, "Authorization: Bearer lkut_forged"), refused(bad)},
		{"two tokens in one field", bare(line, host, "Authorization: Bearer {token}, Bearer {token}"), refused(bad)},
		{"token and an empty field", get(records, "Authorization:"), refused(bad)},
		{"another scheme", bare(line, host, "Authorization: Basic Zm9yZ2VkOmZvcmdlZA=="), refused(bad)},
		{"token in quotes", bare(line, host, `Authorization: Bearer "{token}"`), refused(bad)},
		{"token cut short", bare(line, host, "Authorization: Bearer lkut_0123"), refused(http.StatusUnauthorized)},
		{"token behind a no-break space", bare(line, host, "Authorization: Bearer\u00a0{token}"), refused(bad)},
		{"token folded over two lines", bare(line, host, "Authorization: Bearer", " {token}"), refused(bad)},
		{"token behind a space before the colon", bare(line, host, "Authorization : Bearer {token}"), refused(bad)},
		{"token in an underscored field", get(records, "X_Auth_Key: {key}", "X_Auth_Email: {email}"), refused(bad)},
		{"token in a dotted field", get(records, "X.Auth.Key: {key}"), refused(bad)},
		{"token and key", get(records, "X-Auth-Key: {key}", "X-Auth-Email: {email}"), asIs()},
		{"token and service key", get(records, "X-Auth-User-Service-Key: forged"), asIs()},
		{"token and a proxy's credential", get(records, "Proxy-Authorization: Basic forged"), asIs()},
		{"token and a session", get(records, "Cookie: __Host-leastkey=forged; __host-LEASTKEY-csrf=forged"), asIs()},
		{"token and a session without TLS", get(records, "Cookie: leastkey=forged"), asIs()},
		{"token and two sessions", get(records, "Cookie: theme=dark; LEASTKEY=forged; Leastkey =forged"), asIs()},
		{"token and a hidden session", get(records, `Cookie: a="; __Host-leastkey=forged"`, "Cookie: b=c,__Host-leastkey=forged"), asIs()},
		{"token as a key", bare(line, host, "X-Auth-Key: {token}", "X-Auth-Email: {email}"), refused(bad)},
		{"key as a token", bare(line, host, "Authorization: Bearer {key}"), refused(bad)},
		{"key without e-mail", bare(line, host, "X-Auth-Key: {key}"), refused(bad)},
		{"key twice", bare(line, host, "X-Auth-Key: {key}", "X-Auth-Key: {key}", "X-Auth-Email: {email}"), refused(bad)},
		{"key with another e-mail", bare(line, host, "X-Auth-Key: {key}", "X-Auth-Email: eve@example.com"), refused(http.StatusUnauthorized)},
		{"NUL in the token", bare(line, host, "Authorization: Bearer {token}\x00"), refused(bad)},
	}
}

func identities() []vector {
	return []vector{
		{"identity forged", get(records, "Leastkey-Token-Id: forged", "Leastkey-Principal: forged"), asIs()},
		{"identity forged twice", get(records, "Leastkey-Token-Id: forged", "Leastkey-Token-Id: forged"), asIs()},
		{"identity forged in other cases", get(records, "leastkey-token-id: forged", "LEASTKEY-PRINCIPAL: forged"), asIs()},
		{"identity forged in another name", get(records, "X-Leastkey-Principal: forged", "Leastkey-Roles: forged", "Leastkey: forged"), asIs()},
		{"identity forged with underscores", get(records, "Leastkey_Token_Id: forged"), refused(bad)},
		{"identity forged with one underscore", get(records, "leastkey-token_id: forged"), refused(bad)},
		{"identity forged with dots", get(records, "Leastkey.Principal: forged"), refused(bad)},
		{"identity forged with other marks", get(records, "Leastkey~Principal: forged"), refused(bad)},
		{"identity forged with X and underscores", get(records, "X_LEASTKEY_PRINCIPAL: forged"), refused(bad)},
		{"the gateway's credential forged", get(records, CredentialName+": forged"), asIs()},
		{"the gateway's credential forged twice, in lower case", get(records, "x-upstream-key: forged", "x-upstream-key: forged"), asIs()},
		{"the gateway's credential forged with underscores", get(records, "X_Upstream_Key: forged"), refused(bad)},
		{"identity in a trailer", chunked("0\r\nLeastkey-Principal: forged\r\n\r\n"), refused(bad)},
		{"identity in an announced trailer", chunked("0\r\nLeastkey-Principal: forged\r\n\r\n", "Trailer: Leastkey-Principal"), refused(bad)},
	}
}

func origins() []vector {
	return []vector{
		{"address forged", get(records, "X-Forwarded-For: 192.0.2.66, forged"), asIs()},
		{"address forged in other words", get(records, "Forwarded: for=forged", "X-Real-IP: forged", "True-Client-IP: forged", "X-Client-IP: forged"), asIs()},
		{"address forged with underscores", get(records, "X_Forwarded_For: 192.0.2.66"), refused(bad)},
		{"protocol and host forged", get(records, "X-Forwarded-Proto: forged", "X-Forwarded-Host: forged", "X-Forwarded-Port: forged", "X-Forwarded-Prefix: /forged"), asIs()},
		{"path forged", get(records, "X-Original-URL: /forged", "X-Rewrite-URL: /forged"), asIs()},
		{"host forged", get(records, "X-Host: forged", "X-Original-Host: forged"), asIs()},
		{"proxy for CGI forged", get(records, "Proxy: http://forged.example"), asIs()},
	}
}

func hops() []vector {
	return []vector{
		{"hop-by-hop headers", get(records, "Connection: keep-alive, TE", "Keep-Alive: forged", "TE: trailers, forged", "Proxy-Connection: forged"), asIs()},
		{"Connection names the credential", get(records, "Connection: close, Authorization"), refused(bad)},
		{"Connection names the identity", get(records, "Connection: Leastkey-Principal"), refused(bad)},
		{"Connection names the gateway's credential", get(records, "Connection: "+CredentialName), refused(bad)},
		{"Connection names the address", get(records, "Connection: keep-alive, x-forwarded-for"), refused(bad)},
		{"Connection names the host", get(records, "Connection: Host"), refused(bad)},
		{"Connection names the length", sized("{}", "Connection: Content-Length"), refused(bad)},
		{"Connection names anything", get(records, "Connection: X-Other", "X-Other: 1"), refused(bad)},
		{"Upgrade to WebSocket", get(records, "Connection: Upgrade", "Upgrade: websocket"), refused(http.StatusNotImplemented)},
		{"Upgrade to h2c", get(records, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: forged"), asIs()},
		{"Upgrade to h2c and more", get(records, "Connection: Upgrade", "Upgrade: h2c, websocket"), refused(http.StatusNotImplemented)},
		{"Expect in order", sized("{}", "Expect: 100-continue"), posts("{}")},
		{"Expect something else", sized("{}", "Expect: 200-ok"), refused(http.StatusExpectationFailed)},
		{"Expect twice", sized("{}", "Expect: 100-continue", "Expect: 100-continue"), refused(http.StatusExpectationFailed)},
		{"Expect a list", sized("{}", "Expect: 100-continue, forged"), refused(http.StatusExpectationFailed)},
	}
}

func lengths() []vector {
	const both = "5\r\nforge\r\n0\r\n\r\n"
	return []vector{
		{"body of known length", sized(`{"type":"A"}`), posts(`{"type":"A"}`)},
		{"body that is a request", sized(smuggled), posts(smuggled)},
		{"body of a GET", head("GET "+records+" HTTP/1.1", "Content-Length: 2") + "{}", want{line: "GET " + records + " HTTP/1.1", body: "{}"}},
		{"body of a GET that is a request", head("GET "+records+" HTTP/1.1", "Content-Length: "+strconv.Itoa(len("GET / HTTP/1.1\r\n\r\n"))) + "GET / HTTP/1.1\r\n\r\n",
			want{line: "GET " + records + " HTTP/1.1", body: "GET / HTTP/1.1\r\n\r\n"}},
		{"length and chunks", post(both+smuggled, "Content-Length: 15", "Transfer-Encoding: chunked"), refused(bad)},
		{"chunks and length", post("0\r\n\r\n"+smuggled, "Transfer-Encoding: chunked", "Content-Length: 60"), refused(bad)},
		{"length twice, the same", sized("{}", "Content-Length: 2"), refused(bad)},
		{"length twice, not the same", sized("{}"+smuggled, "Content-Length: 2"), refused(bad)},
		{"length as a list", post("{}", "Content-Length: 2, 2"), refused(bad)},
		{"length with a sign", post("{}", "Content-Length: +2"), refused(bad)},
		{"length below zero", post("{}", "Content-Length: -2"), refused(bad)},
		{"length in hex", post("{}", "Content-Length: 0x2"), refused(bad)},
		{"length with zeros in front", post("{}", "Content-Length: 02"), refused(bad)},
		{"length with a space inside", post("{}", "Content-Length: 2 2"), refused(bad)},
		{"length that overflows", post("{}", "Content-Length: 18446744073709551618"), refused(bad)},
		{"length that is empty", post("{}", "Content-Length:"), refused(bad)},
		{"length behind a space before the colon", post("{}"+smuggled, "Content-Length : 2"), refused(bad)},
		{"length with an underscore", sized("{}", "Content_Length: 60"), refused(bad)},
		{"length of a folded header", post("{}", "X-Folded: a", "\tContent-Length: 2"), refused(bad)},
	}
}

func chunks() []vector {
	const end = "0\r\n\r\n"
	const unsupported = http.StatusNotImplemented
	return []vector{
		{"chunks in order", chunked("2\r\n{}\r\n" + end), posts("{}")},
		{"chunks in order, of length zero", chunked(end), posts("")},
		{"chunks in order, that are a request", chunked("12\r\nGET / HTTP/1.1\r\n\r\n\r\n" + end), posts("GET / HTTP/1.1\r\n\r\n")},
		{"chunks of a size in upper case", chunked("A\r\n0123456789\r\n" + end), posts("0123456789")},
		{"chunks and another encoding", post(end, "Transfer-Encoding: gzip, chunked"), refused(unsupported)},
		{"chunks that are not last", post(end, "Transfer-Encoding: chunked, identity"), refused(unsupported)},
		{"chunks twice", post(end, "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), refused(unsupported)},
		{"chunks and identity", post(end, "Transfer-Encoding: identity", "Transfer-Encoding: chunked"), refused(unsupported)},
		{"identity", post("", "Transfer-Encoding: identity"), refused(unsupported)},
		{"chunks misspelt", post(end, "Transfer-Encoding: xchunked"), refused(unsupported)},
		{"chunks in quotes", post(end, `Transfer-Encoding: "chunked"`), refused(unsupported)},
		{"chunks and a vertical tab", post(end, "Transfer-Encoding: chunked\x0b"), refused(bad)},
		{"chunks and a no-break space", post(end, "Transfer-Encoding: chunked\u00a0"), refused(unsupported)},
		{"chunks behind a space before the colon", post(end+smuggled, "Transfer-Encoding : chunked"), refused(bad)},
		{"chunks with an underscore", sized("{}", "Transfer_Encoding: chunked"), refused(bad)},
		{"chunks in a folded header", post(end, "Transfer-Encoding:", " chunked"), refused(bad)},
		{"chunks in HTTP/1.0", head("POST "+records+" HTTP/1.0", "Transfer-Encoding: chunked") + end, refused(unsupported)},
		{"chunk line with a bare LF", chunked("2\n{}\r\n" + end + smuggled), refused(bad)},
		{"chunk line with a bare CR", chunked("2\r{}\r\n" + end + smuggled), refused(bad)},
		{"chunk with an extension", chunked("2;a=b\r\n{}\r\n" + end), refused(bad)},
		{"chunk with an extension over two lines", chunked("2;a=\n{}\r\n" + end + smuggled), refused(bad)},
		{"chunk with a space behind its size", chunked("2 \r\n{}\r\n" + end), refused(bad)},
		{"chunk with 0x before its size", chunked("0x2\r\n{}\r\n" + end), refused(bad)},
		{"chunk with a sign before its size", chunked("+2\r\n{}\r\n" + end), refused(bad)},
		{"chunk of a size that overflows", chunked("10000000000000002\r\n{}\r\n" + end), refused(bad)},
		{"chunk without a size", chunked("\r\n{}\r\n" + end), refused(bad)},
		{"chunk longer than its size", chunked("2\r\n{}forged\r\n" + end + smuggled), refused(bad)},
		{"chunk that ends in a bare LF", chunked("2\r\n{}\n" + end + smuggled), refused(bad)},
		{"chunks with a trailer", chunked("2\r\n{}\r\n0\r\nX-Forged: 1\r\n\r\n"), refused(bad)},
		{"chunks that end in a bare LF", chunked("2\r\n{}\r\n0\r\n\n" + smuggled), refused(bad)},
	}
}

func lineEnds() []vector {
	return []vector{
		{"bare LF everywhere", strings.ReplaceAll(get(records), "\r\n", "\n"), refused(bad)},
		{"bare LF behind the request line", strings.Replace(get(records), "\r\n", "\n", 1), refused(bad)},
		{"bare LF between headers", get(records, "X-A: 1\nX-Forged: 2"), refused(bad)},
		{"bare LF at the end of the head", strings.TrimSuffix(get(records), "\r\n") + "\n", refused(bad)},
		{"bare LF that hides a length", post("", "X-A: 1\nContent-Length: 60") + smuggled, refused(bad)},
		{"bare CR between headers", get(records, "X-A: 1\rX-Forged: 2"), refused(bad)},
		{"two CRs at the end of a line", get(records, "X-A: 1\r"), refused(bad)},
		{"control character in a value", get(records, "X-A: 1\x08"), refused(bad)},
		{"NUL in a name", get(records, "X-\x00A: 1"), refused(bad)},
		{"header without a colon", get(records, "X-A"), refused(bad)},
		{"header without a name", get(records, ": forged"), refused(bad)},
		{"header with a name that is no token", get(records, "X A: 1"), refused(bad)},
		{"header with UTF-8 in its name", get(records, "Leastkéy-Principal: 1"), refused(bad)},
		{"header folded over two lines", get(records, "X-A: 1", " X-Forged: 2"), refused(bad)},
		{"first header folded", bare("GET "+records+" HTTP/1.1", " X-A: 1", host, bearer), refused(bad)},
		{"header with UTF-8 in its value", get(records, "X-A: é"), asIs()},
	}
}

func hosts() []vector {
	const line = "GET " + records + " HTTP/1.1"
	return []vector{
		{"no host", bare(line, bearer), refused(bad)},
		{"no host in HTTP/1.0", bare("GET "+records+" HTTP/1.0", bearer), refused(bad)},
		{"two hosts", get(records, host), refused(bad)},
		{"two hosts, not the same", get(records, "Host: forged.example"), refused(bad)},
		{"host that is empty", bare(line, "Host:", bearer), refused(bad)},
		{"host with a path", bare(line, "Host: api.example/forged", bearer), refused(bad)},
		{"host with a user", bare(line, "Host: forged@api.example", bearer), refused(bad)},
		{"hosts in a list", bare(line, "Host: api.example, forged.example", bearer), refused(bad)},
		{"host with a bad port", bare(line, "Host: api.example:forged", bearer), refused(bad)},
		{"host behind a space before the colon", bare(line, "Host : api.example", bearer), refused(bad)},
	}
}
