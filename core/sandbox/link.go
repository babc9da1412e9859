package sandbox

import (
	"context"
	"errors"
	"net"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Addresses on the namespace's lo, from which connections to anywhere start.
// Without them and the routes a connect fails before a packet filter sees it.
const (
	Address4 = "100.64.0.1" // RFC 6598: no one's own
	Address6 = "fd64::1"    // RFC 4193
)

// background: a socket on a literal address waits for nothing.
var background = context.Background()

// IPv6 reports whether this kernel has IPv6 at all. Where it has none, nothing
// can leave by it and no rule for it can be put.
func IPv6() (bool, error) {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if errors.Is(err, unix.EAFNOSUPPORT) {
		return false, nil
	}
	if err != nil {
		return false, fault.New(fault.Internal, opNetwork, "asking for IPv6: %w", err)
	}
	return true, unix.Close(fd)
}

// Up gives lo its addresses, brings it up and routes everything to it. It is
// called once, when the rules are in place.
func (n *Network) Up() error {
	v6, err := IPv6()
	if err != nil {
		return err
	}
	return n.Do(func() error {
		h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
		if err != nil {
			return fault.New(fault.Internal, opNetwork, "netlink: %w", err)
		}
		defer h.Close()
		links, err := h.LinkList()
		if err != nil {
			return fault.New(fault.Internal, opNetwork, "links: %w", err)
		}
		// Some kernels put tunnel devices into every namespace (fb_tunnels_only_for_init_net);
		// they are down and lead nowhere. Anything that is up is not ours.
		for _, l := range links {
			if l.Attrs().Flags&net.FlagUp != 0 {
				return fault.New(fault.Tampered, opNetwork, "device %s is up before the rules are", l.Attrs().Name)
			}
		}
		lo, err := h.LinkByName("lo")
		if err != nil {
			return fault.New(fault.Internal, opNetwork, "lo: %w", err)
		}
		if v6 {
			// A host may have switched IPv6 off by a setting that namespaces inherit.
			if err := os.WriteFile("/proc/sys/net/ipv6/conf/lo/disable_ipv6", []byte("0"), 0); err != nil && !os.IsNotExist(err) && !errors.Is(err, unix.EROFS) {
				return fault.New(fault.Internal, opNetwork, "IPv6 on lo: %w", err)
			}
		}
		if err := h.LinkSetUp(lo); err != nil {
			return fault.New(fault.Internal, opNetwork, "lo up: %w", err)
		}
		if err := address(h, lo, Address4, 32); err != nil || !v6 {
			return err
		}
		return address(h, lo, Address6, 128)
	})
}

func address(h *netlink.Handle, lo netlink.Link, addr string, bits int) error {
	ip := net.ParseIP(addr)
	a := &netlink.Addr{IPNet: &net.IPNet{IP: ip, Mask: net.CIDRMask(bits, bits)}}
	if bits == 128 {
		a.Flags = unix.IFA_F_NODAD // while an address is tentative no route may start from it
	}
	if err := h.AddrAdd(lo, a); err != nil {
		return fault.New(fault.Internal, opNetwork, "address %s: %w", addr, err)
	}
	all := &net.IPNet{IP: make(net.IP, bits/8), Mask: net.CIDRMask(0, bits)}
	route := &netlink.Route{LinkIndex: lo.Attrs().Index, Dst: all, Src: ip, Scope: netlink.SCOPE_UNIVERSE}
	if err := h.RouteAdd(route); err != nil {
		return fault.New(fault.Internal, opNetwork, "default route from %s: %w", addr, err)
	}
	return nil
}
