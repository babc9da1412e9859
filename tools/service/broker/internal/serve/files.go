package serve

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// signKey reads the key that signs answers. Others must not be able to read it too.
func signKey(path string) (ed25519.PrivateKey, error) {
	const op = "broker.signkey"
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	defer clear(b)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(fault.Invalid, op, "%s: others may read it: chmod 600 %s", path, path)
	}
	block, rest := pem.Decode(b)
	if block == nil || block.Type != "PRIVATE KEY" || len(strings.TrimSpace(string(rest))) > 0 {
		return nil, fault.New(fault.Invalid, op, "%s: not one PEM block PRIVATE KEY", path)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%s: %w", path, err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fault.New(fault.Invalid, op, "%s: not an Ed25519 key", path)
	}
	return key, nil
}

// listenAdmin opens the owner's socket: only this user, or root, can use it.
func listenAdmin(admin string) (net.Listener, error) {
	const op = "broker.admin"
	path, ok := strings.CutPrefix(admin, "unix:")
	if !ok || path == "" {
		return nil, fault.New(fault.Usage, op, "--admin must be unix:PATH (got %.80q)", admin)
	}
	if err := removeDead(path); err != nil {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fault.New(fault.Unavailable, op, "%w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fault.New(fault.Unavailable, op, "%w", err)
	}
	return &owners{l, uint32(os.Getuid())}, nil
}

// removeDead removes the socket that a killed broker left.
func removeDead(path string) error {
	st, err := os.Lstat(path)
	if err != nil {
		return nil // not there, or Listen will say why not
	}
	if st.Mode().Type() != os.ModeSocket {
		return fault.New(fault.Usage, "broker.admin", "%s is there and is no socket", path)
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return fault.New(fault.Usage, "broker.admin", "%s: another broker listens there", path)
	}
	return os.Remove(path)
}

// owners accepts connections of one user and root. The socket's mode says the
// same, but is set only after the socket is made.
type owners struct {
	net.Listener
	uid uint32
}

func (o *owners) Accept() (net.Conn, error) {
	for {
		c, err := o.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if uid, err := peer(c); err == nil && (uid == o.uid || uid == 0) {
			return c, nil
		}
		c.Close()
	}
}

func peer(c net.Conn) (uid uint32, err error) {
	raw, err := c.(*net.UnixConn).SyscallConn()
	if err != nil {
		return 0, err
	}
	var cred *syscall.Ucred
	if cerr := raw.Control(func(fd uintptr) {
		cred, err = syscall.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); cerr != nil {
		return 0, cerr
	}
	if err != nil {
		return 0, err
	}
	return cred.Uid, nil
}
