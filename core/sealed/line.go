package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
)

// An entry's line has one form, so it is read and written here field by field, at a
// fraction of what general JSON costs; FuzzEntryLine compares with core/canonical.

var strict = base64.StdEncoding.Strict()

// appendEntry appends the canonical JSON of an entry that has been checked.
func appendEntry(b []byte, e *Entry) ([]byte, error) {
	b = append(b, `{"blob":`...)
	b, err := appendString(b, e.Blob)
	if err != nil {
		return nil, err
	}
	b = append(b, `,"header":"`...)
	b = base64.StdEncoding.AppendEncode(b, e.Header)
	b = append(b, '"')
	if e.Padded != 0 {
		b = strconv.AppendInt(append(b, `,"padded":`...), e.Padded, 10)
	}
	b = append(b, `,"path":`...)
	if b, err = appendString(b, e.Path); err != nil {
		return nil, err
	}
	b = append(b, `,"sha256":"sha256:`...)
	b = hex.AppendEncode(b, e.SHA256.Bytes())
	b = strconv.AppendInt(append(b, `","size":`...), e.Size, 10)
	if e.Version != 0 {
		b = strconv.AppendUint(append(b, `,"version":`...), e.Version, 10)
	}
	return append(b, '}'), nil
}

func appendString(b []byte, s string) ([]byte, error) {
	for i := range len(s) {
		if !plain(s[i]) {
			quoted, err := canonical.Marshal(s)
			return append(b, quoted...), err
		}
	}
	b = append(append(b, '"'), s...)
	return append(b, '"'), nil
}

// plain says that JSON has the byte as it is.
func plain(c byte) bool { return c >= ' ' && c < 0x80 && c != '"' && c != '\\' }

// parseEntry reads the canonical JSON of an entry, and checks it.
func parseEntry(line []byte) (e Entry, err error) {
	f := fields{rest: line}
	f.expect(`{"blob":`)
	e.Blob = f.text()
	f.expect(`,"header":"`)
	header := f.take(strict.EncodedLen(HeaderSize))
	f.expect(`"`)
	if f.next(`,"padded":`) {
		e.Padded = f.number(true)
	}
	f.expect(`,"path":`)
	e.Path = f.text()
	f.expect(`,"sha256":"sha256:`)
	sum := f.take(2 * sha256.Size)
	f.expect(`","size":`)
	e.Size = f.number(false)
	if f.next(`,"version":`) {
		e.Version = uint64(f.number(true))
	}
	f.expect(`}`)
	if f.err == nil && len(f.rest) > 0 {
		f.fail("trailing bytes")
	}
	if f.err != nil {
		return Entry{}, fmt.Errorf("%w (at byte %d of a line)", f.err, len(line)-len(f.rest))
	}
	if e.Header, err = strict.AppendDecode(make([]byte, 0, HeaderSize+2), header); err != nil || len(e.Header) != HeaderSize {
		return Entry{}, fmt.Errorf("header is not %d bytes in base64", HeaderSize)
	}
	var raw [sha256.Size]byte
	if _, err := hex.Decode(raw[:], sum); err != nil || bytes.ContainsAny(sum, "ABCDEF") {
		return Entry{}, fmt.Errorf("digest is not 64 lower-case hex digits")
	}
	if e.SHA256, err = digest.FromBytes(raw[:]); err != nil {
		return Entry{}, err
	}
	return e, e.check()
}

// fields reads a line from its beginning. After the first error it reads nothing.
type fields struct {
	rest []byte
	err  error
}

func (f *fields) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf(format, args...)
	}
}

func (f *fields) next(text string) bool {
	if f.err != nil || len(f.rest) < len(text) || string(f.rest[:len(text)]) != text {
		return false
	}
	f.rest = f.rest[len(text):]
	return true
}

func (f *fields) expect(text string) {
	if !f.next(text) {
		f.fail("not in canonical form, want %s", text)
	}
}

func (f *fields) take(n int) []byte {
	if f.err != nil || len(f.rest) < n {
		f.fail("ends too early")
		return nil
	}
	out := f.rest[:n]
	f.rest = f.rest[n:]
	return out
}

// text reads a string. One with escapes, or with bytes that might need some, is left
// to core/canonical.
func (f *fields) text() string {
	if f.err != nil || len(f.rest) == 0 || f.rest[0] != '"' {
		f.fail("want a string")
		return ""
	}
	i := 1
	for i < len(f.rest) && plain(f.rest[i]) {
		i++
	}
	if i < len(f.rest) && f.rest[i] == '"' {
		out := string(f.rest[1:i])
		f.rest = f.rest[i+1:]
		return out
	}
	for i < len(f.rest) && f.rest[i] != '"' {
		if f.rest[i] == '\\' {
			i++
		}
		i++
	}
	if i >= len(f.rest) {
		f.fail("a string without an end")
		return ""
	}
	var out string
	if err := canonical.Unmarshal(f.rest[:i+1], &out); err != nil {
		f.fail("%w", err)
	}
	f.rest = f.rest[i+1:]
	return out
}

// number reads a whole number below 10¹⁸, above 0 where it may be left out.
func (f *fields) number(positive bool) int64 {
	n := len(f.rest) - len(bytes.TrimLeft(f.rest, "0123456789"))
	digits := f.take(min(n, len(f.rest)))
	if f.err != nil {
		return 0
	}
	if n == 0 || n > 18 || n > 1 && digits[0] == '0' || positive && digits[0] == '0' {
		f.fail("not a number in canonical form")
		return 0
	}
	var v int64
	for _, c := range digits {
		v = 10*v + int64(c-'0')
	}
	return v
}
