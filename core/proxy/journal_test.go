package proxy

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestJournalIsBounded(t *testing.T) {
	handed := 0
	j := newJournal(func(Decision) { handed++ })
	for i := range maxAttempts + 10 {
		j.attempt(AttemptDNS, fmt.Sprint(i))
		j.decide(Decision{Path: "/x\n" + strings.Repeat("y", 1000)})
	}
	j.attempt(AttemptDNS, "0")
	attempts, decisions, dropped := j.lists()
	if len(attempts) != maxAttempts || len(decisions) != maxDecisions || dropped != 20 || attempts[0].Count != 2 || handed != maxDecisions+10 {
		t.Errorf("%d attempts, %d decisions, %d dropped, first seen %d times, %d handed on", len(attempts), len(decisions), dropped, attempts[0].Count, handed)
	}
	if p := decisions[0].Path; len(p) != maxDestination || strings.Contains(p, "\n") {
		t.Errorf("path is kept as %q", p)
	}
}

func TestProxyLine(t *testing.T) {
	for line, want := range map[string]string{
		"PROXY TCP4 100.64.0.1 198.18.0.1 40000 22\r\n": "198.18.0.1:22",
		"PROXY TCP6 ::1 2001:db8::1 40000 22\r\n":       "[2001:db8::1]:22",
		"PROXY UNKNOWN\r\n":                             "",
		"GET / HTTP/1.1\r\n":                            "",
		"PROXY TCP4 a b c d\r\n":                        "",
		"":                                              "",
	} {
		if got, ok := proxyLine(line); ok != (want != "") || (ok && got != want) {
			t.Errorf("proxyLine(%q) = %q, %v", line, got, ok)
		}
	}
}

func TestSocketsKnowTheirPeer(t *testing.T) {
	l, err := listenUnix(filepath.Join(t.TempDir(), "s"), testUID())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		if c, err := net.Dial("unix", l.Addr().String()); err == nil {
			defer c.Close()
			c.Read(make([]byte, 1))
		}
	}()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	me := uint32(osUID())
	if !from(c, me) || from(c, me+1) {
		t.Errorf("from(%d) = %v, from(%d) = %v", me, from(c, me), me+1, from(c, me+1))
	}
}

func TestRefusingSocket(t *testing.T) {
	l, err := loopback{}.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	j := newJournal(nil)
	go refuse(l, j)
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil { // or the reset came first
		defer c.Close()
		if n, err := c.Read(make([]byte, 1)); err == nil {
			t.Errorf("read %d bytes from the refusing socket", n)
		}
	}
	eventually(t, "the attempt is recorded", func() bool {
		a, _, _ := j.lists()
		return len(a) == 1 && a[0] == Attempt{AttemptTCP, l.Addr().String(), 1}
	})
}
