package proxy

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Synthetic is the network of addresses that stand for declared names inside the
// room: 198.18.0.0/15, which RFC 2544 sets aside and no real host has.
var Synthetic = netip.MustParsePrefix("198.18.0.0/15")

const (
	maxRoutes  = 64
	maxMaxBody = 64 << 20
)

// Route is one declared API and the policy that judges it.
type Route struct {
	v1.Outbound
	Bundle *Bundle // its digest must be Outbound.Policy
}

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// plannedRoute is a route with its place inside the room.
type plannedRoute struct {
	Route
	address netip.Addr
	socket  string // name of its dialer's socket
	budget  *budget
}

// authorities are the values of Host that mean this route.
func (r *plannedRoute) authorities() []string {
	withPort := net.JoinHostPort(r.Host, strconv.Itoa(int(r.Port)))
	if r.Port == r.defaultPort() {
		return []string{r.Host, withPort}
	}
	return []string{withPort}
}

func (r *plannedRoute) defaultPort() uint16 {
	if r.TLS != nil {
		return 443
	}
	return 80
}

func (r *plannedRoute) means(authority string) bool {
	for _, a := range r.authorities() {
		if a == authority {
			return true
		}
	}
	return false
}

// plan gives every host its synthetic address: the first host base, the next one
// base+1, in the order of the specification.
func plan(routes []Route, base netip.Addr) ([]*plannedRoute, error) {
	const op = "proxy.routes"
	if len(routes) > maxRoutes {
		return nil, fault.New(fault.Invalid, op, "more than %d routes", maxRoutes)
	}
	hosts, names, places := map[string]netip.Addr{}, map[string]bool{}, map[string]bool{}
	var out []*plannedRoute
	for i, r := range routes {
		if err := check(r); err != nil {
			return nil, fault.New(fault.Invalid, op, "route %d (%.64q): %w", i, r.Name, err)
		}
		if !r.Bundle.Digest().Equal(r.Policy) {
			return nil, fault.New(fault.Tampered, op, "route %s: policy bundle is %s, the specification says %s", r.Name, r.Bundle.Digest(), r.Policy)
		}
		place := fmt.Sprintf("%s:%d", r.Host, r.Port)
		if names[r.Name] || places[place] {
			return nil, fault.New(fault.Invalid, op, "route %s: its name, or its host and port, come twice", r.Name)
		}
		names[r.Name], places[place] = true, true
		if _, known := hosts[r.Host]; !known {
			hosts[r.Host] = base
			base = base.Next()
		}
		out = append(out, &plannedRoute{
			Route: r, address: hosts[r.Host], socket: fmt.Sprintf("route%d.sock", i),
			budget: newBudget(r.MaxRequests, uint64(r.MaxBytesOut)),
		})
	}
	return out, nil
}

func check(r Route) error {
	switch {
	case !label.MatchString(r.Name):
		return fmt.Errorf("name: is not a DNS label")
	case !isHostName(r.Host):
		return fmt.Errorf("host: is not a lower-case DNS name (got %.80q)", r.Host)
	case r.Port == 0:
		return fmt.Errorf("port: is required")
	case r.MaxBody <= 0 || r.MaxBody > maxMaxBody:
		return fmt.Errorf("maxBody: must be 1 to %d bytes", maxMaxBody)
	case r.MaxRequests == 0:
		return fmt.Errorf("maxRequests: must be at least 1")
	case r.MaxBytesOut <= 0:
		return fmt.Errorf("maxBytesOut: must be at least 1")
	case r.Bundle == nil:
		return fmt.Errorf("has no policy bundle")
	case r.TLS != nil && !isHostName(r.TLS.ServerName):
		return fmt.Errorf("tls.serverName: is not a lower-case DNS name (got %.80q)", r.TLS.ServerName)
	case r.TLS != nil && r.TLS.CA == "":
		return fmt.Errorf("tls.ca: is required")
	}
	host, port, err := net.SplitHostPort(r.Destination)
	if err != nil || host == "" {
		return fmt.Errorf("destination: must be host:port (got %.80q)", r.Destination)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("destination: must end in a port of 1 to 65535 (got %.80q)", r.Destination)
	}
	return nil
}

func isHostName(s string) bool {
	if len(s) == 0 || len(s) > 253 {
		return false
	}
	if _, err := netip.ParseAddr(s); err == nil {
		return false // an address has no name to look up or to certify
	}
	for part := range strings.SplitSeq(s, ".") {
		if !label.MatchString(part) {
			return false
		}
	}
	return true
}
