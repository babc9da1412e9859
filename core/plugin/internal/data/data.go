// Package data is both ends of a plugin's data socket: HTTP/1.1 over a Unix socket, as
// datasource.proto and datasink.proto say. Ciphertext alone passes here. The host's end
// believes nothing: what is not exactly the answer asked for is an error. Neither end retries.
package data

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// Bounds, in bytes.
const (
	MaxName = 1024 // of an object, the limit of most stores
	MaxETag = 512
	maxText = 1 << 10 // of an error's text
)

const prefix = "/object/"

// status is how each kind of error crosses. 412 means Tampered of a read, where the version
// asked for is gone, and Denied of a write, whose condition does not hold.
var status = map[fault.Kind]int{
	fault.Invalid:     400,
	fault.Denied:      403,
	fault.NotFound:    404,
	fault.Tampered:    412,
	fault.Unavailable: 503,
}

// CheckName refuses what cannot be an object's name.
func CheckName(name string) error {
	if name == "" || len(name) > MaxName || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
		return fault.New(fault.Invalid, "plugin.data", "object name %.80q: must be 1 to %d bytes of UTF-8 without NUL", name, MaxName)
	}
	return nil
}

// CheckETag refuses what cannot stand in a header as it is. ETags are opaque: quotes, where
// a store has them, are part of it.
func CheckETag(etag string) error {
	if etag == "" || len(etag) > MaxETag || strings.ContainsFunc(etag, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("etag %.80q: must be 1 to %d visible ASCII characters", etag, MaxETag)
	}
	return nil
}

// CheckVersion is CheckETag for an answer, which must name one version.
func CheckVersion(etag string) error {
	if etag == object.AnyVersion {
		return fmt.Errorf("etag %q: must name one version", etag)
	}
	return CheckETag(etag)
}

// location is the request path of an object: its name escaped as one segment.
func location(name string) *url.URL {
	return &url.URL{Scheme: "http", Host: "plugin", Path: prefix + name, RawPath: prefix + url.PathEscape(name)}
}

// nameOf is location's inverse.
func nameOf(u *url.URL) (string, error) {
	escaped, ok := strings.CutPrefix(u.EscapedPath(), prefix)
	if !ok || strings.Contains(escaped, "/") || u.RawQuery != "" {
		return "", fmt.Errorf("path must be %sNAME, NAME escaped as one segment", prefix)
	}
	name, err := url.PathUnescape(escaped)
	if err != nil {
		return "", err
	}
	return name, CheckName(name)
}

// rangeOf reads "bytes=A-B": the first and last byte, both given.
func rangeOf(header string) (off, n int64, err error) {
	spec, ok := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	a, errA := number(first)
	b, errB := number(last)
	if !ok || !dash || errA != nil || errB != nil || b < a {
		return 0, 0, fmt.Errorf("header Range must be bytes=A-B with A ≤ B (got %.80q)", header)
	}
	return a, b - a + 1, nil
}

// number reads decimal digits and nothing else.
func number(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, fmt.Errorf("not a number: %.40q", s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if n == 1<<63-1 {
		return 0, fmt.Errorf("too large: %.40q", s) // one more overflows
	}
	return n, err
}

func contentRange(off, n, size int64) string {
	return "bytes " + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(off+n-1, 10) + "/" + strconv.FormatInt(size, 10)
}
