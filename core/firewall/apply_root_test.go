package firewall_test

import (
	"errors"
	"net"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/firewall"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// patience bounds waits for what must happen.
const patience = 30 * time.Second

func namespace(t testing.TB) (*sandbox.Network, bool) {
	t.Helper()
	needs.Root(t)
	for _, p := range []string{"iptables", "ip6tables", "iptables-save", "ip6tables-save"} {
		needs.Program(t, p)
	}
	v6, err := sandbox.IPv6()
	if err != nil {
		t.Fatal(err)
	}
	n, err := sandbox.NewNetwork(filepath.Join(t.TempDir(), "app"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n, v6
}

func opened(t testing.TB) permit.Permit {
	p, end := permit.Issue(firewall.Operation, "room-1")
	t.Cleanup(end)
	return p
}

func TestApplyNeedsItsPermit(t *testing.T) {
	n, v6 := namespace(t)
	other, _ := permit.Issue(firewall.Operation, "room-2")
	for name, p := range map[string]permit.Permit{"no permit": {}, "another room's": other} {
		t.Run(name+" is refused", func(t *testing.T) {
			err := firewall.Apply(t.Context(), p, "room-1", n, plan(t), v6)
			if fault.KindOf(err) != fault.Denied || err == nil {
				t.Errorf("Apply = %v, want denied", err)
			}
		})
	}
	if err := firewall.Apply(t.Context(), opened(t), "room-1", n, nil, v6); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Apply without rules = %v, want invalid", err)
	}
	if up(t, n) {
		t.Error("the link is up although nothing was applied")
	}
}

func up(t *testing.T, n *sandbox.Network) bool {
	t.Helper()
	var flags net.Flags
	if err := n.Do(func() error {
		lo, err := net.InterfaceByName("lo")
		if err == nil {
			flags = lo.Flags
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return flags&net.FlagUp != 0
}

func iptables(t *testing.T, n *sandbox.Network, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(needs.Program(t, program), append(args, "--wait")...)
	if err := n.Do(func() error {
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%v: %s", cmd, out)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestReadBackSeesEveryChange(t *testing.T) {
	n, v6 := namespace(t)
	if err := firewall.Apply(t.Context(), opened(t), "room-1", n, plan(t), v6); err != nil {
		t.Fatal(err)
	}
	if !up(t, n) {
		t.Fatal("the link is down after Apply")
	}
	for name, tc := range map[string]struct{ do, undo string }{
		"a rule before the others": {"-t nat -I OUTPUT 1 -p tcp -j RETURN", "-t nat -D OUTPUT 1"},
		"a policy":                 {"-P OUTPUT ACCEPT", "-P OUTPUT DROP"},
		"a chain":                  {"-N extra", "-X extra"},
		"a rule in another table":  {"-t mangle -A OUTPUT -j ACCEPT", "-t mangle -F OUTPUT"},
	} {
		for _, program := range []string{"iptables", "ip6tables"} {
			if program == "ip6tables" && !v6 {
				continue
			}
			t.Run(program+": "+name+" added is refused", func(t *testing.T) {
				iptables(t, n, program, strings.Fields(tc.do)...)
				if err := firewall.ReadBack(t.Context(), n, plan(t), v6); fault.KindOf(err) != fault.Tampered {
					t.Errorf("ReadBack = %v, want tampered", err)
				}
				iptables(t, n, program, strings.Fields(tc.undo)...)
				if err := firewall.ReadBack(t.Context(), n, plan(t), v6); err != nil {
					t.Errorf("ReadBack of what was restored = %v", err)
				}
			})
		}
	}
	iptables(t, n, "iptables", "-t", "nat", "-F", "OUTPUT")
	if err := firewall.ReadBack(t.Context(), n, plan(t), v6); fault.KindOf(err) != fault.Tampered {
		t.Errorf("ReadBack after a flush = %v, want tampered", err)
	}
}

func TestApplyRefusesANamespaceThatIsNotFresh(t *testing.T) {
	n, v6 := namespace(t)
	iptables(t, n, "iptables", "-A", "OUTPUT", "-j", "ACCEPT")
	if err := firewall.Apply(t.Context(), opened(t), "room-1", n, plan(t), v6); fault.KindOf(err) != fault.Tampered {
		t.Errorf("Apply = %v, want tampered", err)
	}
	if up(t, n) {
		t.Error("the link is up under other rules")
	}
}

// TestWhereTrafficEnds connects from inside the namespace to sockets that are
// held outside, as the proxy's are.
func TestWhereTrafficEnds(t *testing.T) {
	n, v6 := namespace(t)
	if err := firewall.Apply(t.Context(), opened(t), "room-1", n, plan(t), v6); err != nil {
		t.Fatal(err)
	}
	greet := func(name, addr string) {
		l, err := n.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = c.Write([]byte(name))
				c.Close()
			}
		}()
	}
	echo := func(addr string) {
		c, err := n.ListenPacket("udp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		go func() {
			b := make([]byte, 16)
			for {
				k, from, err := c.ReadFrom(b)
				if err != nil {
					return
				}
				_, _ = c.WriteTo(append([]byte("dns "), b[:k]...), from)
			}
		}()
	}
	greet("envoy", "127.0.0.1:15001")
	greet("refused", "127.0.0.1:15002")
	greet("own", "127.0.0.1:8080")
	echo("127.0.0.1:15053")
	if v6 {
		greet("refused", "[::1]:15002")
		echo("[::1]:15053")
	}
	for name, tc := range map[string]struct{ network, addr, want string }{
		"a declared route ends at Envoy":           {"tcp4", "198.18.0.1:80", "envoy"},
		"any port of a declared route, too":        {"tcp4", "198.19.255.254:8443", "envoy"},
		"an address of the internet is refused":    {"tcp4", "198.51.100.7:443", "refused"},
		"the metadata address is refused":          {"tcp4", "169.254.169.254:80", "refused"},
		"DNS over TCP is refused":                  {"tcp4", "8.8.8.8:53", "refused"},
		"the namespace's own address is refused":   {"tcp4", "100.64.0.1:22", "refused"},
		"IPv6 is refused":                          {"tcp6", "[2001:db8::7]:443", "refused"},
		"a mapped address is refused":              {"tcp", "[::ffff:198.51.100.7]:443", "refused"},
		"the application's own server is reached":  {"tcp4", "127.0.0.1:8080", "own"},
		"DNS ends at the stub, whoever is asked":   {"udp4", "8.8.8.8:53", "dns question"},
		"DNS at the stub's own address":            {"udp4", "127.0.0.1:53", "dns question"},
		"DNS over IPv6 ends at the stub":           {"udp6", "[2001:db8::53]:53", "dns question"},
		"a UDP port that is not DNS gets nowhere":  {"udp4", "198.51.100.7:9999", "operation not permitted"},
		"UDP to a declared route gets nowhere":     {"udp4", "198.18.0.1:443", "operation not permitted"},
		"UDP over IPv6 gets nowhere":               {"udp6", "[2001:db8::7]:9999", "operation not permitted"},
		"multicast gets nowhere":                   {"udp4", "224.0.0.251:5353", "operation not permitted"},
		"the metadata address by UDP gets nowhere": {"udp4", "169.254.169.254:80", "operation not permitted"},
	} {
		if !v6 && (strings.HasSuffix(tc.network, "6") || strings.Contains(tc.addr, "::")) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			var c net.Conn
			err := n.Do(func() (err error) { c, err = net.DialTimeout(tc.network, tc.addr, patience); return err })
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 64)
			k := 0
			if strings.HasPrefix(tc.network, "udp") || tc.network == "udp" {
				_, err = c.Write([]byte("question"))
			}
			if err == nil {
				k, err = c.Read(got)
			}
			var no syscall.Errno
			if errors.As(err, &no) {
				got, k = []byte(no.Error()), len(no.Error())
			}
			if string(got[:k]) != tc.want {
				t.Errorf("%s %s: %q (%v), want %q", tc.network, tc.addr, got[:k], err, tc.want)
			}
		})
	}
}

func BenchmarkApply(b *testing.B) {
	rules, err := firewall.Plan(firewall.Config{Routes: netip.MustParsePrefix("198.18.0.0/15"), ProxyPort: 15001, RefusePort: 15002, DNSPort: 15053})
	if err != nil {
		b.Fatal(err)
	}
	p := opened(b)
	for b.Loop() {
		n, v6 := namespace(b)
		if err := firewall.Apply(b.Context(), p, "room-1", n, rules, v6); err != nil {
			b.Fatal(err)
		}
	}
}
