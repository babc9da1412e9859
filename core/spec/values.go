package spec

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

var (
	label      = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`) // RFC 1123
	objectPart = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._=-]*$`)
	identifier = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,126}$`)
)

func (k *checker) required(at, s string) bool {
	if s == "" {
		k.Add(at, "is required")
	}
	return s != ""
}

func (k *checker) label(at, s string) {
	if k.required(at, s) && !label.MatchString(s) {
		k.Add(at, "must be a DNS label: lower-case letters, digits and -, at most 63 (got %.80q)", s)
	}
}

func (k *checker) oneOf(at, s string, allowed ...string) {
	switch {
	case s == "":
		k.Add(at, "is required: %s", strings.Join(allowed, " or "))
	case !slices.Contains(allowed, s):
		k.Add(at, "must be %s (got %.40q)", strings.Join(allowed, " or "), s)
	}
}

// plugin checks a plugin's name: its kind, a slash, a DNS label.
func (k *checker) plugin(at, kind, s string) {
	if !k.required(at, s) {
		return
	}
	if name, ok := strings.CutPrefix(s, kind+"/"); !ok || !label.MatchString(name) {
		k.Add(at, "must be %s/ and a plugin's name (got %.80q)", kind, s)
	}
}

// base64 decodes standard, padded base64 of least to most bytes. It never shows
// what it got: a private key may stand there by mistake.
func (k *checker) base64(at, s, what string, least, most int) []byte {
	if !k.required(at, s) {
		return nil
	}
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") {
		k.Add(at, "must be %s in base64 with padding, in one line", what)
		return nil
	}
	if len(b) < least || len(b) > most {
		k.Add(at, "must be %s (got %d bytes)", what, len(b))
		return nil
	}
	return b
}

func (k *checker) publicKey(at, s, what string) {
	b := k.base64(at, s, what+" of 32 bytes", 32, 32)
	if b != nil && !slices.ContainsFunc(b, func(c byte) bool { return c != 0 }) {
		k.Add(at, "must be %s: all zeros is no key", what)
	}
}

// object checks an object's name at a source or sink, or a prefix of names.
func (k *checker) object(at, s string) {
	if !k.required(at, s) {
		return
	}
	for part := range strings.SplitSeq(s, "/") {
		if !objectPart.MatchString(part) || len(s) > 512 {
			k.Add(at, "must be names of letters, digits and . _ = - joined by single slashes, none at either end (got %.80q)", s)
			return
		}
	}
}

// dir checks an absolute, clean path of the application.
func (k *checker) dir(at, s string) bool {
	if !k.required(at, s) {
		return false
	}
	switch {
	case !strings.HasPrefix(s, "/"):
		k.Add(at, "must be an absolute path (got %.80q)", s)
	case path.Clean(s) != s:
		k.Add(at, "must be a clean path: %s (got %.80q)", path.Clean(s), s)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == ':' || r == ',' }):
		k.Add(at, "must have no control character, colon or comma (got %.80q)", s) // mount options split there
	default:
		return true
	}
	return false
}

func positive[T ~int64 | ~uint64 | ~float64](k *checker, at string, n T) {
	switch {
	case n == 0 && !k.Has(at):
		k.Add(at, "is required: more than 0")
	case n < 0:
		k.Add(at, "must be more than 0 (got %v)", n)
	}
}

func duration(k *checker, at string, d v1.Duration) { positive(k, at, d) }

// certificates checks that s is one or more PEM certificates and nothing else.
func (k *checker) certificates(at, s string) {
	if !k.required(at, s) {
		return
	}
	rest := []byte(strings.TrimSpace(s))
	for len(rest) > 0 {
		var block *pem.Block
		before := rest
		if block, rest = pem.Decode(rest); block == nil || !strings.HasPrefix(string(before), "-----BEGIN CERTIFICATE-----") {
			k.Add(at, "must be certificates in PEM and nothing else")
			return
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			k.Add(at, "must be certificates in PEM: %v", err)
			return
		}
		rest = []byte(strings.TrimSpace(string(rest)))
	}
}

// hostName checks a name that DNS can answer for: an address is not one.
func (k *checker) hostName(at, s string) bool {
	if !k.required(at, s) {
		return false
	}
	if !isHostName(s) {
		k.Add(at, "must be a DNS name in lower case, not an address (got %.80q)", s)
		return false
	}
	return true
}

func isHostName(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil || len(s) > 253 {
		return false
	}
	parts := strings.Split(s, ".")
	// A last label of digits alone is an address to some readers (WHATWG URL, section 3.5).
	if last := parts[len(parts)-1]; strings.Trim(last, "0123456789") == "" {
		return false
	}
	return !slices.ContainsFunc(parts, func(p string) bool { return !label.MatchString(p) })
}

// hostPort checks a name or address and a port.
func (k *checker) hostPort(at, s string) {
	if !k.required(at, s) {
		return
	}
	host, port, err := net.SplitHostPort(s)
	_, notAddr := netip.ParseAddr(host)
	if n, perr := strconv.ParseUint(port, 10, 16); err != nil || perr != nil || n == 0 ||
		strconv.FormatUint(n, 10) != port || notAddr != nil && !isHostName(host) {
		k.Add(at, "must be host:port (got %.80q)", s)
	}
}

// url checks an absolute URL of one of the schemes, without user, query or fragment.
func (k *checker) url(at, s string, schemes ...string) *url.URL {
	if !k.required(at, s) {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Hostname() == "" {
		k.Add(at, "must begin with %s:// and a host (got %.80q)", strings.Join(schemes, ":// or "), s)
		return nil
	}
	if u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(s, "#") {
		k.Add(at, "must have no user, query or fragment")
		return nil
	}
	return u
}
