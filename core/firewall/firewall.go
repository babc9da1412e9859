// Package firewall computes and applies the packet filter under which every
// connection of the application ends at the privacy proxy and nothing else
// passes. It opens no socket and decides about no request: that is the proxy's.
//
// The application is alone in a namespace that has only lo, so nothing could
// leave it even without these rules; they make each attempt land where it is
// answered or recorded, and drop what has no answer.
package firewall

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Family is an IP version.
type Family uint8

// The families of rules.
const (
	IPv4 Family = 4
	IPv6 Family = 6
)

func (f Family) String() string { return "ipv" + strconv.Itoa(int(f)) }

// Config says where traffic is to end. The zero value is refused.
type Config struct {
	Routes     netip.Prefix // IPv4 addresses that DNS gives out, one for each declared route
	ProxyPort  uint16       // Envoy, on 127.0.0.1: TCP to Routes
	RefusePort uint16       // the refusing and recording socket, on 127.0.0.1 and ::1: all other TCP
	DNSPort    uint16       // the stub, on 127.0.0.1 and ::1: UDP to port 53
}

// Rule is one line: a chain's policy, or one rule in it.
type Rule struct {
	Family Family
	Table  string
	Chain  string
	Policy string   // ACCEPT or DROP; then Spec is empty
	Spec   []string // in the form and order in which iptables-save prints it
}

// String is the rule as iptables-save(8) prints it.
func (r Rule) String() string {
	if r.Policy != "" {
		return ":" + r.Chain + " " + r.Policy
	}
	return "-A " + r.Chain + " " + strings.Join(r.Spec, " ")
}

// The chains of the tables that a plan uses; all of them are held to it.
var chains = map[string][]string{
	"filter": {"INPUT", "FORWARD", "OUTPUT"},
	"nat":    {"PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"},
}

// Plan returns the rules of both families, in the order in which they are put:
// policies first, so that at no moment more passes than at the end. It touches
// nothing: Apply does.
func Plan(c Config) ([]Rule, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	var rules []Rule
	for _, f := range []Family{IPv4, IPv6} {
		add := func(table, chain, spec string) {
			rules = append(rules, Rule{Family: f, Table: table, Chain: chain, Spec: strings.Fields(spec)})
		}
		for _, chain := range chains["filter"] {
			rules = append(rules, Rule{Family: f, Table: "filter", Chain: chain, Policy: "DROP"})
		}
		self, local := "127.0.0.0/8", "100.64.0.1/32"
		if f == IPv6 {
			self, local = "::1/128", "fd64::1/128"
		}
		// A connection that is redirected has self as its destination when filter
		// sees it, and what answers it has local.
		add("filter", "INPUT", "-i lo -j ACCEPT")
		add("filter", "OUTPUT", "-d "+self+" -o lo -j ACCEPT")
		add("filter", "OUTPUT", "-d "+local+" -o lo -j ACCEPT")
		// Whoever is asked, also at 127.0.0.1: resolv.conf names no port.
		add("nat", "OUTPUT", "-p udp -m udp --dport 53 "+redirect(c.DNSPort))
		// The application's own servers, and what it says to the proxy's ports itself.
		add("nat", "OUTPUT", "-d "+self+" -j RETURN")
		if f == IPv4 {
			add("nat", "OUTPUT", "-d "+c.Routes.String()+" -p tcp "+redirect(c.ProxyPort))
		}
		add("nat", "OUTPUT", "-p tcp "+redirect(c.RefusePort))
	}
	return rules, nil
}

func redirect(port uint16) string { return "-j REDIRECT --to-ports " + strconv.Itoa(int(port)) }

func (c Config) check() error {
	const op = "firewall.plan"
	ports := map[uint16]string{}
	for _, p := range []struct {
		name string
		port uint16
	}{{"proxy", c.ProxyPort}, {"refusing", c.RefusePort}, {"DNS", c.DNSPort}} {
		if p.port < 1024 {
			return fault.New(fault.Invalid, op, "%s port %d: must be at least 1024", p.name, p.port)
		}
		if other := ports[p.port]; other != "" {
			return fault.New(fault.Invalid, op, "%s port %d is the %s port too", p.name, p.port, other)
		}
		ports[p.port] = p.name
	}
	if !c.Routes.IsValid() || !c.Routes.Addr().Is4() || c.Routes != c.Routes.Masked() || c.Routes.Bits() < 8 {
		return fault.New(fault.Invalid, op, "routes %v: must be an IPv4 network of at most 24 bits", c.Routes)
	}
	// What is the application's own is never a route.
	if c.Routes.Overlaps(netip.MustParsePrefix("127.0.0.0/8")) || c.Routes.Contains(netip.MustParseAddr("100.64.0.1")) {
		return fault.New(fault.Invalid, op, "routes %v overlap the namespace's own addresses", c.Routes)
	}
	return nil
}
