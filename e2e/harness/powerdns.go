package harness

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// PowerDNS is a running PowerDNS with an empty database, on loopback.
type PowerDNS struct {
	API string // host:port of its HTTP API
	DNS string // host:port at which it answers DNS
}

// powerDNSSchema is where Debian's pdns-backend-sqlite3 has the tables.
const powerDNSSchema = "/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql"

// endsWell runs a program that SIGTERM kills, where it would have to end by itself.
const endsWell = `"$@" & program=$!; trap 'kill $program; wait $program; exit 0' TERM; wait $program`

// StartPowerDNS runs Debian's pdns_server, whose API takes the key.
func StartPowerDNS(t *testing.T, key string) PowerDNS {
	t.Helper()
	program := "/usr/sbin/pdns_server" // which is on no user's path
	if found, err := exec.LookPath("pdns_server"); err == nil {
		program = found
	}
	dir := t.TempDir()
	database := filepath.Join(dir, "pdns.db")
	schema, err := os.Open(powerDNSSchema)
	if err != nil {
		t.Fatal(err)
	}
	defer schema.Close()
	tables := exec.CommandContext(t.Context(), "sqlite3", database)
	tables.Stdin = schema
	if out, err := tables.CombinedOutput(); err != nil {
		t.Fatalf("making the tables: %v\n%s", err, out)
	}
	p := PowerDNS{API: FreeAddress(t), DNS: FreeAddress(t)}
	_, apiPort, _ := net.SplitHostPort(p.API)
	_, dnsPort, _ := net.SplitHostPort(p.DNS)
	Run(t, p.API, os.Environ(), "sh", "-c", endsWell, "sh", program,
		"--config-dir="+dir, "--socket-dir="+dir, "--daemon=no", "--guardian=no", "--disable-syslog=yes",
		"--launch=gsqlite3", "--gsqlite3-database="+database, "--zone-cache-refresh-interval=0", "--security-poll-suffix=",
		"--cache-ttl=0", "--query-cache-ttl=0", "--negquery-cache-ttl=0",
		"--local-address=127.0.0.1", "--local-port="+dnsPort,
		"--api=yes", "--api-key="+key, "--webserver=yes", "--webserver-address=127.0.0.1", "--webserver-port="+apiPort)
	return p
}
