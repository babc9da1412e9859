package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	refuseTime   = 5 * time.Second // for Envoy to say where a lost connection wanted to go
	proxyLineMax = 107             // bytes, of the PROXY protocol's specification 2.1
)

// refuse accepts, records where the connection wanted to go and resets it, until l closes.
func refuse(l net.Listener, j *journal) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		j.attempt(AttemptTCP, wanted(c))
		reset(c)
	}
}

func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // a reset, so that the application does not wait
	}
	c.Close()
}

// wanted is the address before the packet filter redirected the connection.
func wanted(c net.Conn) string {
	t, ok := c.(*net.TCPConn)
	if !ok {
		return "unknown"
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return "unknown"
	}
	where := t.LocalAddr().String()
	v4 := t.LocalAddr().(*net.TCPAddr).IP.To4() != nil
	_ = raw.Control(func(fd uintptr) {
		if a, err := originalDst(int(fd), v4); err == nil {
			where = a.String()
		}
	})
	return where
}

// originalDst asks SO_ORIGINAL_DST (80 in linux/netfilter_ipv4.h and netfilter_ipv6
// /ip6_tables.h). The option types are only big enough buffers for sockaddr_in and sockaddr_in6.
func originalDst(fd int, v4 bool) (netip.AddrPort, error) {
	if v4 {
		r, err := unix.GetsockoptIPv6Mreq(fd, unix.SOL_IP, unix.SO_ORIGINAL_DST)
		if err != nil {
			return netip.AddrPort{}, err
		}
		b := r.Multiaddr
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[4:8])), uint16(b[2])<<8|uint16(b[3])), nil
	}
	r, err := unix.GetsockoptIPv6MTUInfo(fd, unix.SOL_IPV6, unix.SO_ORIGINAL_DST)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port := r.Addr.Port // in network order
	return netip.AddrPortFrom(netip.AddrFrom16(r.Addr.Addr), port<<8|port>>8), nil
}

// lost records the connections that Envoy has no route for. Envoy writes a PROXY
// line first (version 1), and l is its socket.
func lost(l net.Listener, uid uint32, j *journal) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			if !from(c, uid) {
				return
			}
			_ = c.SetReadDeadline(time.Now().Add(refuseTime))
			line, err := bufio.NewReader(io.LimitReader(c, proxyLineMax)).ReadString('\n')
			if dst, ok := proxyLine(line); ok && err == nil {
				j.attempt(AttemptTCP, dst)
			}
		}()
	}
}

// proxyLine returns the destination of a version 1 PROXY line.
func proxyLine(line string) (string, bool) {
	f := strings.Fields(line)
	if len(f) != 6 || f[0] != "PROXY" || (f[1] != "TCP4" && f[1] != "TCP6") {
		return "", false
	}
	a, err := netip.ParseAddrPort(net.JoinHostPort(f[3], f[5]))
	return a.String(), err == nil
}

// from says that the process at the other end of a Unix socket runs as uid.
func from(c net.Conn, uid uint32) bool {
	u, ok := c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return false
	}
	peer := fmt.Errorf("not asked")
	var cred *unix.Ucred
	if err := raw.Control(func(fd uintptr) {
		cred, peer = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil || peer != nil {
		return false
	}
	return cred.Uid == uid
}
