package chain

// kind is what is sent to a row.
type kind uint8

const (
	direct kind = iota // as a client
	asking             // as nginx asks
	large              // as a client, for the big answer
	check              // as Envoy asks
)

// line is one row of the tables: where its requests go, and whose time counts.
type line struct {
	name, group string
	at          string
	processes   []string
	kind        kind
	status      int
	body        int
}

// The groups of rows.
const (
	GroupServers   = "servers that answer by themselves"
	GroupEndpoints = "the endpoint that a proxy asks, by itself"
	GroupAsking    = "a proxy that asks, and answers by itself"
	GroupProxies   = "a proxy alone, with its upstream"
	GroupTogether  = "a decision and a proxy, with the upstream"
	GroupBig       = "the same with answers of 1 MiB"
	GroupGRPC      = "ext_authz over gRPC"
)

// The names of rows that others are held to.
const (
	RowEndpointHTTP = "net/http, 204"
	RowEndpointFast = "fasthttp, 204"
	RowEndpointSame = "the server of Leastkey's forward-auth, 204 without a decision"
	RowEndpointOurs = "Leastkey forward-auth"
	RowNginxOurs    = "nginx auth_request → Leastkey"
	RowNginxFast    = "nginx auth_request → fasthttp 204"
	RowNginxHTTP    = "nginx auth_request → net/http 204"
	RowGateway      = "Leastkey gateway"
	RowReverse      = "httputil.ReverseProxy"
	RowNginxHTTPTo  = "nginx auth_request → net/http 204, proxy_pass"
	RowNginxFastTo  = "nginx auth_request → fasthttp 204, proxy_pass"
	RowGRPC         = "grpc-go that does nothing"
	RowGRPCOurs     = "Leastkey ext_authz"
	big             = ", 1 MiB"
)

func lines() []line {
	api := func(name, group, at string, processes ...string) line {
		return line{name, group, at, processes, direct, 200, len(small)}
	}
	ask := func(name, at string, processes ...string) line {
		return line{name, GroupAsking, at, processes, direct, 200, gif}
	}
	end := func(name, at string, processes ...string) line {
		return line{name, GroupEndpoints, at, processes, asking, 204, 0}
	}
	mib := func(name, at string, processes ...string) line {
		return line{name + big, GroupBig, at, processes, large, 200, megabyte}
	}
	return []line{
		api("nginx, return 200", GroupServers, nginx200, pNginx),
		api("fasthttp, 200", GroupServers, pFast200, pFast200),
		api("net/http, 200: the upstream of all below", GroupServers, pUpstream, pUpstream),

		end(RowEndpointFast, pFast204, pFast204),
		end(RowEndpointHTTP, pHTTP204, pHTTP204),
		end(RowEndpointSame, pOurs204, pOurs204),
		end(RowEndpointOurs, forwardAuth, pLeastkey),

		ask(RowNginxFast, nginxFast, pNginx, pFast204),
		ask(RowNginxHTTP, nginxHTTP, pNginx, pHTTP204),
		ask(RowNginxOurs, nginxOurs, pNginx, pLeastkey),
		{"Caddy forward_auth → net/http 204", GroupAsking, caddyHTTP, []string{pCaddy, pHTTP204}, direct, 200, len(small)},
		{"Caddy forward_auth → Leastkey", GroupAsking, caddyOurs, []string{pCaddy, pLeastkey}, direct, 200, len(small)},

		api("fasthttp", GroupProxies, pFastProxy, pFastProxy, pUpstream),
		api("nginx proxy_pass", GroupProxies, nginxProxy, pNginx, pUpstream),
		api(RowReverse, GroupProxies, pReverse, pReverse, pUpstream),
		api("Caddy reverse_proxy", GroupProxies, caddyProxy, pCaddy, pUpstream),

		api(RowNginxFastTo, GroupTogether, nginxFastTo, pNginx, pFast204, pUpstream),
		api(RowNginxHTTPTo, GroupTogether, nginxHTTPTo, pNginx, pHTTP204, pUpstream),
		api("nginx auth_request → Leastkey, proxy_pass", GroupTogether, nginxOursTo, pNginx, pLeastkey, pUpstream),
		api("Caddy forward_auth → net/http 204, reverse_proxy", GroupTogether, caddyHTTPTo, pCaddy, pHTTP204, pUpstream),
		api("Caddy forward_auth → Leastkey, reverse_proxy", GroupTogether, caddyOursTo, pCaddy, pLeastkey, pUpstream),
		api(RowGateway, GroupTogether, pLeastkey, pLeastkey, pUpstream),

		mib("nginx proxy_pass", nginxProxy, pNginx, pUpstream),
		mib(RowReverse, pReverse, pReverse, pUpstream),
		mib("Caddy reverse_proxy", caddyProxy, pCaddy, pUpstream),
		mib(RowNginxHTTPTo, nginxHTTPTo, pNginx, pHTTP204, pUpstream),
		mib(RowGateway, pLeastkey, pLeastkey, pUpstream),

		{RowGRPC, GroupGRPC, pGRPC, []string{pGRPC}, check, 0, 0},
		{RowGRPCOurs, GroupGRPC, extAuthz, []string{pLeastkey}, check, 0, 0},
	}
}
