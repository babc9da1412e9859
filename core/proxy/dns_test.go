package proxy

import (
	"net"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

func TestNames(t *testing.T) {
	j := newJournal(nil)
	s := newStub([]*plannedRoute{{Route: Route{Outbound: outbound("x:1")}, address: netip.MustParseAddr("198.18.0.1")}}, j)
	for name, tc := range map[string]struct {
		name    string
		qtype   uint16
		class   uint16
		rcode   int
		answers int
		attempt string
	}{
		"a declared name has its synthetic address":   {"api.demo.", dns.TypeA, dns.ClassINET, dns.RcodeSuccess, 1, ""},
		"a declared name in another case has it too":  {"aPi.DEMO.", dns.TypeA, dns.ClassINET, dns.RcodeSuccess, 1, ""},
		"a declared name has no other address":        {"api.demo.", dns.TypeAAAA, dns.ClassINET, dns.RcodeSuccess, 0, ""},
		"a declared name has no text":                 {"api.demo.", dns.TypeTXT, dns.ClassINET, dns.RcodeSuccess, 0, ""},
		"any other name does not exist":               {"evil.example.", dns.TypeA, dns.ClassINET, dns.RcodeNameError, 0, "evil.example"},
		"a name below a declared one does not exist":  {"secret.api.demo.", dns.TypeTXT, dns.ClassINET, dns.RcodeNameError, 0, "secret.api.demo"},
		"a name above a declared one does not exist":  {"demo.", dns.TypeA, dns.ClassINET, dns.RcodeNameError, 0, "demo"},
		"another class is refused":                    {"api.demo.", dns.TypeA, dns.ClassCHAOS, dns.RcodeRefused, 0, ""},
		"an attempt is printable, whatever was asked": {"a\\010b.example.", dns.TypeA, dns.ClassINET, dns.RcodeNameError, 0, "a\\010b.example"},
	} {
		t.Run(name, func(t *testing.T) {
			before, _, _ := j.lists()
			q := &dns.Msg{Question: []dns.Question{{Name: tc.name, Qtype: tc.qtype, Qclass: tc.class}}}
			a := s.answer(q)
			if a.Rcode != tc.rcode || len(a.Answer) != tc.answers {
				t.Errorf("answer to %s = %v", tc.name, a)
			}
			after, _, _ := j.lists()
			switch {
			case tc.attempt == "" && len(after) != len(before):
				t.Errorf("recorded %v", after)
			case tc.attempt != "" && (len(after) != len(before)+1 || after[len(after)-1].Destination != tc.attempt):
				t.Errorf("recorded %v, want %s", after, tc.attempt)
			}
		})
	}
	for name, change := range map[string]func(*dns.Msg){
		"a response":    func(m *dns.Msg) { m.Response = true },
		"an update":     func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate },
		"no question":   func(m *dns.Msg) { m.Question = nil },
		"two questions": func(m *dns.Msg) { m.Question = append(m.Question, m.Question...) },
	} {
		q := new(dns.Msg).SetQuestion("api.demo.", dns.TypeA)
		change(q)
		if a := s.answer(q); a.Rcode != dns.RcodeRefused || len(a.Answer) > 0 {
			t.Errorf("%s is answered: %v", name, a)
		}
	}
}

func TestNamesOverUDP(t *testing.T) {
	s := newStub([]*plannedRoute{{Route: Route{Outbound: outbound("x:1")}, address: netip.MustParseAddr("198.18.0.1")}}, newJournal(nil))
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s.serve(c)
	a, err := dns.Exchange(new(dns.Msg).SetQuestion("api.demo.", dns.TypeA), c.LocalAddr().String())
	if err != nil || len(a.Answer) != 1 || a.Answer[0].(*dns.A).A.String() != "198.18.0.1" {
		t.Errorf("answer = %v, %v", a, err)
	}
}

func FuzzNames(f *testing.F) {
	good, err := new(dns.Msg).SetQuestion("api.demo.", dns.TypeA).Pack()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:12])
	f.Add([]byte{0xff})
	s := newStub([]*plannedRoute{{Route: Route{Outbound: outbound("x:1")}, address: netip.MustParseAddr("198.18.0.1")}}, newJournal(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		q := new(dns.Msg)
		if q.Unpack(b) != nil {
			return
		}
		if a := s.answer(q); len(a.Answer) > 0 && (a.Rcode != dns.RcodeSuccess || len(a.Answer) != 1) {
			t.Errorf("%v is answered %v", q, a)
		}
	})
}
