package governance

import (
	"crypto/tls"
	"encoding/base64"
	"net"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// Listen listens at HOST:PORT (port 0: any) or unix:PATH.
func Listen(address string) (net.Listener, error) {
	network := "tcp"
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		network, address = "unix", path
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "governance.listen", "%w", err)
	}
	return l, nil
}

// Address returns where clients find l, in the form that client.New takes.
func Address(l net.Listener, secure bool) string {
	switch {
	case l.Addr().Network() == "unix":
		return "unix:" + l.Addr().String()
	case secure:
		return "https://" + l.Addr().String()
	}
	return "http://" + l.Addr().String()
}

// LoadTLS returns the server's TLS configuration; nil if both files are "".
func LoadTLS(cert, key string) (*tls.Config, error) {
	if cert == "" && key == "" {
		return nil, nil
	}
	c, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fault.New(fault.Invalid, "governance.tls", "%w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS13}, nil
}

// ParseParty reads "name=key", the key an Ed25519 public key in base64.
func ParseParty(s string) (api.Party, error) {
	name, b64, _ := strings.Cut(s, "=")
	key, err := base64.StdEncoding.Strict().DecodeString(b64)
	if err != nil || len(key) != 32 {
		return api.Party{}, fault.New(fault.Usage, "governance.party", "must be NAME=KEY, the key an Ed25519 public key in base64 (got %.80q)", s)
	}
	return api.Party{Name: name, Key: key}, nil
}
