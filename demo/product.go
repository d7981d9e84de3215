package demo

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// Config says where a Product keeps its data and who may talk to it.
type Config struct {
	// Dir holds demo.db; it is made when missing. The database file is readable by its owner alone.
	Dir string
	// UpstreamKey is what every HTTP request must carry in the Upstream-Key header. Never empty.
	UpstreamKey string
	// Log takes the causes of internal errors; nil discards them.
	Log *slog.Logger
	// Now is the clock of every timestamp; nil is time.Now.
	Now func() time.Time
	// Rand feeds the ids (16 bytes each); nil is crypto/rand.
	Rand io.Reader
}

// Product is a running sample product. Its methods may be called concurrently.
type Product struct {
	store   *store
	key     [sha256.Size]byte
	log     *slog.Logger
	mu      sync.Mutex
	servers []*dns.Server
}

// Open opens or makes the product's database in c.Dir and brings its schema up to date.
func Open(ctx context.Context, c Config) (*Product, error) {
	if c.UpstreamKey == "" {
		return nil, errors.New("demo: the upstream key is empty; whoever reaches the listener could do anything")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	s, err := openStore(ctx, c.Dir, c.Now, c.Rand)
	if err != nil {
		return nil, err
	}
	return &Product{store: s, key: sha256.Sum256([]byte(c.UpstreamKey)), log: c.Log}, nil
}

// PutAccount records an account's name, which zones print beside its id. The id is 32 lower-case hex.
func (p *Product) PutAccount(ctx context.Context, id, name string) error {
	if !isID(id) {
		return fieldFault("/id", "an account id is 32 lower-case hex digits")
	}
	return p.store.write(ctx, func(t *tx) error {
		return t.exec(`INSERT INTO account (id, name) VALUES (?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name`, id, name)
	})
}

// SeedZone makes the zone with these records, or returns the zone of that name untouched if there is one.
// Of each record Type, Name, Content, Priority, TTL, Proxied, Comment and Tags count.
func (p *Product) SeedZone(ctx context.Context, accountID, name string, records []Record) (Zone, error) {
	var zone Zone
	err := p.store.write(ctx, func(t *tx) error {
		zoneName, err := parseZoneName(name)
		if err != nil {
			return err
		}
		found, ok, err := t.zoneBy("name", zoneName)
		if err != nil || ok {
			zone = found
			return err
		}
		if zone, err = t.createZone(accountID, zoneName, "full"); err != nil {
			return err
		}
		for _, r := range records {
			made, err := t.insertRecord(zone, r.draft())
			if err != nil {
				return err
			}
			if err := t.settle(zone, made); err != nil {
				return err
			}
		}
		return nil
	})
	return zone, err
}

// Zones returns every zone, oldest first.
func (p *Product) Zones(ctx context.Context) ([]Zone, error) {
	var zones []Zone
	err := p.store.read(ctx, func(t *tx) (err error) {
		zones, err = t.zones("1", "zone.seq", 1<<31, 0)
		return err
	})
	return zones, err
}

// Close stops the DNS servers, waits for what is under way, and closes the database.
func (p *Product) Close() error {
	p.mu.Lock()
	servers := p.servers
	p.servers = nil
	p.mu.Unlock()
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.Shutdown())
	}
	return errors.Join(append(errs, p.store.close())...)
}
