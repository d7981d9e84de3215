package edgetest

import (
	"net/http"
	"strings"
)

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
		{"token with a letter more", bare(line, host, bearer+"0"), refused(http.StatusUnauthorized)},
		{"token in another case", bare(line, host, "Authorization: Bearer LK{token}"), refused(http.StatusUnauthorized)},
		{"token and words behind it", bare(line, host, bearer+" forged"), refused(bad)},
		{"token behind a tab", bare(line, host, "Authorization: Bearer\t{token}"), refused(bad)},
		{"token without a scheme", bare(line, host, "Authorization: {token}"), refused(bad)},
		{"token in a cookie", bare(line, host, "Cookie: Authorization=Bearer%20{token}"), refused(http.StatusUnauthorized)},
		{"token of a proxy", bare(line, host, "Proxy-Authorization: Bearer {token}"), refused(http.StatusUnauthorized)},
		{"token with an underscore in its field", bare(line, host, "Authorization_: Bearer {token}"), refused(bad, http.StatusUnauthorized)},
		{"service key alone", bare(line, host, "X-Auth-User-Service-Key: v1.0-forged"), refused(http.StatusUnauthorized)},
		{"key with two e-mails", bare(line, host, "X-Auth-Key: {key}", "X-Auth-Email: {email}", "X-Auth-Email: eve@example.com"), refused(bad)},
		{"token too long", bare(line, host, "Authorization: Bearer "+strings.Repeat("A", 4000)), refused(bad)},
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
		{"the gateway's credential forged with dots", get(records, "X.Upstream.Key: forged"), refused(bad)},
		{"identity in a trailer", chunked("0\r\nLeastkey-Principal: forged\r\n\r\n"), refused(bad)},
		{"identity in an announced trailer", chunked("0\r\nLeastkey-Principal: forged\r\n\r\n", "Trailer: Leastkey-Principal"), refused(bad)},
		{"identity of another sign-in forged", get(records, "Remote-User: forged", "X-Remote-User: forged", "X-Forwarded-User: forged", "X-WebAuth-User: forged", "X-Auth-Request-User: forged", "X-Auth-Request-Email: forged"), asIs()},
		{"identity of a cloud forged", get(records, "X-Goog-Authenticated-User-Email: forged", "X-Amzn-Oidc-Identity: forged", "X-MS-Client-Principal: forged", "X-authentik-username: forged"), asIs()},
		{"identity of a certificate forged", get(records, "X-SSL-Client-Verify: forged", "SSL-Client-Cert: forged", "X-Client-Cert: forged", "X-Forwarded-Client-Cert: forged", "Client-Cert: forged"), asIs()},
		{"identity forged with a mark at the end", get(records, "Leastkey-Principal_: forged"), refused(bad)},
		{"identity forged between spaces", get(records, "Leastkey Principal: forged"), refused(bad)},
		{"identity forged in a folded header", get(records, "X-A: 1", "\tLeastkey-Principal: forged"), refused(bad)},
		{"identity forged behind a NUL", get(records, "X-A: 1\x00\nLeastkey-Principal: forged"), refused(bad)},
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
		{"address forged many times", get(records, "X-Forwarded-For: forged", "X-Forwarded-For: 192.0.2.66", "x-forwarded-for: 127.0.0.1"), asIs()},
		{"address forged in the words of clouds", get(records, "CF-Connecting-IP: forged", "Fastly-Client-IP: forged", "X-Cluster-Client-IP: forged", "X-Envoy-External-Address: forged", "X-Azure-ClientIP: forged", "X-Originating-IP: forged"), asIs()},
		{"path forged for nginx", get(records, "X-Original-URI: /forged", "X-Original-Method: forged", "X-Original-Host: forged"), asIs()},
		{"path forged for Caddy and Traefik", get(records, "X-Forwarded-Uri: /forged", "X-Forwarded-Method: forged", "X-Forwarded-Server: forged"), asIs()},
		{"path forged for Envoy", get(records, "X-Envoy-Original-Path: /forged", "X-Envoy-Original-Method: forged"), asIs()},
		{"path forged with underscores", get(records, "X_Original_URL: /forged"), refused(bad)},
		{"path forged with dots", get(records, "X.Rewrite.URL: /forged"), refused(bad)},
		{"protocol forged in other words", get(records, "X-Forwarded-Ssl: forged", "X-Forwarded-Scheme: forged"), asIs()},
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
		{"Connection names the token behind a tab", get(records, "Connection: close\t,\tauthorization"), refused(bad)},
		{"Connection names the identity in a second field", get(records, "Connection: keep-alive", "Connection: Leastkey-Token-Id"), refused(bad)},
		{"Connection names a cookie", get(records, "Connection: cookie", "Cookie: a=b"), refused(bad)},
		{"Connection names chunks", chunked("0\r\n\r\n", "Connection: Transfer-Encoding"), refused(bad)},
		{"Connection names in quotes", get(records, `Connection: "Authorization"`), refused(bad)},
		{"Connection with an underscore", get(records, "Connection_: Authorization", "Keep_Alive: forged"), refused(bad)},
		{"Upgrade to WebSocket with a version that is none", get(records, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 777", "Sec-WebSocket-Key: Zm9yZ2VkZm9yZ2VkZm9yZw=="), refused(http.StatusNotImplemented)},
		{"Upgrade to TLS", get(records, "Connection: Upgrade", "Upgrade: TLS/1.0"), refused(http.StatusNotImplemented)},
		{"Upgrade twice", get(records, "Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"), refused(http.StatusNotImplemented)},
		{"Upgrade without Connection", get(records, "Upgrade: websocket"), refused(http.StatusNotImplemented)},
		{"Expect and a body that is late", sized("{}", "Expect: 100-Continue", "Connection: keep-alive"), posts("{}")},
		{"placeholders of Caddy in a header", get(records, "X-A: {env.API_KEY} {http.request.header.Authorization}"), asIs()},
		{"Max-Forwards", get(records, "Max-Forwards: 0"), asIs()},
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
		{"host in a folded header", bare(line, "X-A: 1", " Host: forged.example", host, bearer), refused(bad)},
		{"host of a line folded", bare(line, "Host:", " api.example", bearer), refused(bad)},
		{"host with a blank inside", bare(line, "Host: api.example forged.example", bearer), refused(bad)},
		{"host with a tab", bare(line, "Host: api.example\tforged.example", bearer), refused(bad)},
		{"host with a backslash", bare(line, `Host: api.example\forged.example`, bearer), refused(bad)},
		{"host with a scheme", bare(line, "Host: http://api.example", bearer), refused(bad)},
		{"host with a percent sign", bare(line, "Host: api.example%00forged.example", bearer), refused(bad)},
	}
}

// alone forges one header at a time: in company, one that is refused hides one that passes.
func alone() []vector {
	var all []vector
	for _, name := range []string{
		"Leastkey", "Leastkey-Token-Id", "Leastkey-Principal", "Leastkey-Roles", "X-Leastkey-Principal", CredentialName,
		"X-Auth-Email", "X-Auth-User-Service-Key", "Proxy-Authorization",
		"Remote-User", "X-Remote-User", "X-Forwarded-User", "X-WebAuth-User", "X-Auth-Request-User", "X-Auth-Request-Email", "X-Goog-Authenticated-User-Email",
		"X-Amzn-Oidc-Identity", "X-MS-Client-Principal", "X-authentik-username", "X-SSL-Client-Verify", "SSL-Client-Cert", "X-Client-Cert", "X-Forwarded-Client-Cert", "Client-Cert",
		"X-Forwarded-For", "Forwarded", "X-Real-IP", "True-Client-IP", "X-Client-IP", "CF-Connecting-IP", "Fastly-Client-IP", "X-Cluster-Client-IP",
		"X-Envoy-External-Address", "X-Azure-ClientIP", "X-Originating-IP",
		"X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Prefix", "X-Forwarded-Ssl", "X-Forwarded-Scheme", "X-Forwarded-Server",
		"X-Forwarded-Uri", "X-Forwarded-Method", "X-Original-URL", "X-Original-URI", "X-Original-Method", "X-Original-Host", "X-Rewrite-URL", "X-Envoy-Original-Path", "X-Envoy-Original-Method",
		"X-Host", "Proxy", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override",
		"Keep-Alive", "TE", "Proxy-Connection", "HTTP2-Settings",
	} {
		all = append(all, vector{"alone: " + name, get(records, name+": forged"), asIs()})
	}
	return all
}
