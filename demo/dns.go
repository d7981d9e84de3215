package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
)

const (
	queryTime   = 2 * time.Second // to answer one query
	idleTime    = 8 * time.Second // of a TCP connection
	maxUDP      = 4096            // bytes, whatever a client offers to take
	minUDP      = 512
	bindRetries = 20
)

// ServeDNS answers DNS queries on addr ("host:port") over UDP and TCP until Close. With port 0 both get the
// same free port; the address returned has it. It serves the zones with authority, without recursion, and
// refuses every other name.
func (p *Product) ServeDNS(ctx context.Context, addr string) (netip.AddrPort, error) {
	listener, packets, err := bind(ctx, addr)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("demo: DNS on %s: %w", addr, err)
	}
	handler := dns.HandlerFunc(p.serveDNS)
	for _, s := range []*dns.Server{
		{Listener: listener, Handler: handler, ReadTimeout: queryTime, WriteTimeout: queryTime, IdleTimeout: func() time.Duration { return idleTime }},
		{PacketConn: packets, Handler: handler, ReadTimeout: queryTime, WriteTimeout: queryTime, UDPSize: maxUDP},
	} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() {
			if err := s.ActivateAndServe(); err != nil && !errors.Is(err, net.ErrClosed) {
				p.log.Error("DNS server stopped", "addr", addr, "error", err)
			}
		}()
		<-started
		p.mu.Lock()
		p.servers = append(p.servers, s)
		p.mu.Unlock()
	}
	return listener.Addr().(*net.TCPAddr).AddrPort(), nil
}

// bind opens TCP first, then UDP on the port that gave. A free TCP port may be taken on UDP, so with port 0 it tries again.
func bind(ctx context.Context, addr string) (net.Listener, net.PacketConn, error) {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, nil, err
	}
	var c net.ListenConfig
	for try := 0; ; try++ {
		listener, err := c.Listen(ctx, "tcp", addr)
		if err != nil {
			return nil, nil, err
		}
		packets, err := c.ListenPacket(ctx, "udp", listener.Addr().String())
		if err == nil {
			return listener, packets, nil
		}
		err = errors.Join(err, listener.Close())
		if port != "0" || try == bindRetries {
			return nil, nil, err
		}
	}
}

func (p *Product) serveDNS(w dns.ResponseWriter, query *dns.Msg) {
	ctx, cancel := context.WithTimeout(context.Background(), queryTime)
	defer cancel()
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	if err := w.WriteMsg(p.reply(ctx, query, tcp)); err != nil {
		p.log.Debug("DNS answer not sent", "error", err)
	}
}

// reply makes the answer to a query, cut to what the transport takes.
func (p *Product) reply(ctx context.Context, query *dns.Msg, tcp bool) *dns.Msg {
	m := new(dns.Msg).SetReply(query)
	size := dns.MaxMsgSize
	if !tcp {
		size = minUDP
	}
	edns := query.IsEdns0()
	if edns != nil {
		m.SetEdns0(maxUDP, false)
		if !tcp {
			size = min(max(int(edns.UDPSize()), minUDP), maxUDP)
		}
	}
	switch {
	case edns != nil && edns.Version() != 0:
		m.Rcode = dns.RcodeBadVers
	case query.Opcode != dns.OpcodeQuery:
		m.Rcode = dns.RcodeNotImplemented
	case len(query.Question) != 1:
		m.Rcode = dns.RcodeFormatError
	case query.Question[0].Qclass != dns.ClassINET, query.Question[0].Qtype == dns.TypeAXFR, query.Question[0].Qtype == dns.TypeIXFR:
		m.Rcode = dns.RcodeRefused
	default:
		if err := p.store.read(ctx, func(t *tx) error { return t.answer(m) }); err != nil {
			p.log.Error("DNS query failed", "name", query.Question[0].Name, "error", err)
			m.Rcode, m.Answer, m.Ns, m.Authoritative = dns.RcodeServerFailure, nil, nil, false
		}
	}
	m.Compress = true
	m.Truncate(size)
	return m
}
