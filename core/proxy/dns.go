package proxy

import (
	"net"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

// answerTTL in seconds: an answer holds as long as the room, so only a resolver's habits bound it.
const answerTTL = 60

// stub answers declared names with their synthetic addresses and nothing else. It
// never asks anyone.
type stub struct {
	names   map[string]netip.Addr // fully qualified, lower case
	journal *journal
	servers []*dns.Server
}

func newStub(routes []*plannedRoute, j *journal) *stub {
	s := &stub{names: map[string]netip.Addr{}, journal: j}
	for _, r := range routes {
		s.names[dns.Fqdn(r.Host)] = r.address
	}
	return s
}

// ServeDNS answers one query: A of a declared name; no data for its other types;
// no such name for all others.
func (s *stub) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	// A lost answer is asked for again.
	_ = w.WriteMsg(s.answer(q))
}

func (s *stub) answer(q *dns.Msg) *dns.Msg {
	a := new(dns.Msg)
	if q.Response || q.Opcode != dns.OpcodeQuery || len(q.Question) != 1 || q.Question[0].Qclass != dns.ClassINET {
		return a.SetRcode(q, dns.RcodeRefused)
	}
	a.SetReply(q)
	a.Authoritative, a.RecursionAvailable = true, q.RecursionDesired
	name := strings.ToLower(q.Question[0].Name)
	address, declared := s.names[name]
	if !declared {
		s.journal.attempt(AttemptDNS, strings.TrimSuffix(name, "."))
		a.Rcode = dns.RcodeNameError
		return a
	}
	if q.Question[0].Qtype == dns.TypeA {
		h := dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: answerTTL}
		a.Answer = append(a.Answer, &dns.A{Hdr: h, A: net.IP(address.AsSlice())})
	}
	return a
}

// serve answers on c until close.
func (s *stub) serve(c net.PacketConn) {
	// The parser's own limits hold: 512 bytes a query, no EDNS in answers.
	server := &dns.Server{PacketConn: c, Handler: s}
	s.servers = append(s.servers, server)
	go func() { _ = server.ActivateAndServe() }() // ends with the socket
}
