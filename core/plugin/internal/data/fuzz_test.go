package data

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// said is a connection on which a store has said raw, whatever it was asked, and hung up.
type said struct {
	raw    *bytes.Reader
	asked  chan struct{} // closed with the first byte of the request
	first  sync.Once
	closed chan struct{}
	once   sync.Once
}

// answering is a client whose every connection gives raw.
func answering(raw []byte) *Client {
	c := NewClient("", 0)
	c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		return &said{raw: bytes.NewReader(raw), asked: make(chan struct{}), closed: make(chan struct{})}, nil
	}
	return c
}

func (s *said) Read(p []byte) (int, error) {
	select {
	case <-s.asked: // before it is asked, the transport takes no answer
		return s.raw.Read(p)
	case <-s.closed:
		return 0, net.ErrClosed
	}
}

func (s *said) Write(p []byte) (int, error) {
	s.first.Do(func() { close(s.asked) })
	return len(p), nil
}

func (s *said) Close() error { s.once.Do(func() { close(s.closed) }); return nil }

func (*said) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (*said) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (*said) SetDeadline(time.Time) error      { return nil }
func (*said) SetReadDeadline(time.Time) error  { return nil }
func (*said) SetWriteDeadline(time.Time) error { return nil }

// Answers of stores, right and wrong, with which the fuzzers begin.
var answers = []string{
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n23",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 5\r\n\r\n23456",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v2\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: *\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 0-3/10\r\nContent-Length: 4\r\n\r\n0123",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/*\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n2345\r\n0\r\n\r\n",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n2345",
	"HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 206 HTTP/\nETag: \"v1\"\nContent-Range: bytes 2-5/10\nContent-Length: 4\n\n2345",
	"HTTP/1.0 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\n\r\n2345",
	"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nContent-Length: 4\r\n\r\n2345",
	"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n2345",
	"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 10\r\n\r\n0123456789",
	"HTTP/1.1 201 Created\r\nETag: \"v1\"\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 201 Created\r\nETag: *\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 201 Created\r\nETag: \"v1\"\r\nContent-Length: 9999999\r\n\r\nx",
	"HTTP/1.1 302 Found\r\nLocation: http://plugin/object/m\r\n\r\n",
	"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone",
	"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n",
	"HTTP/1.1 416 x\r\n\r\n",
	"HTTP/1.1 503 busy\r\nRetry-After: 1\r\nContent-Length: 12\r\n\r\n\x1b[2J\nbusy\xff\xfe",
	"HTTP/1.1 206 x\r\n\x1b[2J: \xff\r\n\r\n",
	"HTTP/1.1 206 x\r\n\x1b[2J no colon\r\n\r\n",
	"HTTP/1.1 206 x\r\nContent-Length: \x1b[2J\r\n\r\n",
	"HTTP/1.1 206 x\r\nTransfer-Encoding: \x1b[2J\r\n\r\n",
	"HTTP/1.1 206 x\r\nContent-Length: -4\r\n\r\n",
	"HTTP/9.9 206 x\r\n\r\n",
	"\x1b[2J\r\n\r\n",
	"",
}

// within does f, which must end: the store has hung up already.
func within(t *testing.T, f func(context.Context) error) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := f(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("hangs: %v", err)
	}
	return err
}

// refusal is what every error must be that a store brought about: of a kind that is ours,
// not longer than a few lines, and without a byte that forges a line or steers a terminal.
func refusal(t *testing.T, err error) {
	t.Helper()
	switch fault.KindOf(err) {
	case fault.Tampered, fault.Unavailable, fault.Internal, fault.Invalid, fault.NotFound, fault.Denied:
	default:
		t.Errorf("kind of %v is %v", err, fault.KindOf(err))
	}
	if text := err.Error(); len(text) > 4*maxText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("error text of %d bytes: %.400q", len(text), text)
	}
}

// holds says that a line of the header has the value, and that no other line of that name
// has another.
func holds(head, name, value string) bool {
	found := false
	for line := range strings.SplitSeq(head, "\n") {
		key, got, ok := strings.Cut(strings.TrimSuffix(line, "\r"), ":")
		if ok && strings.EqualFold(strings.TrimSpace(key), name) {
			if got = strings.Trim(got, " \t"); got != value && (name != "Content-Length" || strings.TrimLeft(got, "0") != value) {
				return false
			}
			found = true
		}
	}
	return found
}

// FuzzAnswerToRead: whatever a store says to a read, bytes are taken for the object's only
// from one answer of 206 that names a version and the range that was asked for, in full; and
// that version is the one that was asked for, if one was.
func FuzzAnswerToRead(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a), false)
		f.Add([]byte(a), true)
	}
	f.Fuzz(func(t *testing.T, raw []byte, anyVersion bool) {
		c := answering(raw)
		defer c.Close()
		o := object.Info{Name: "n", Size: 10, ETag: `"v1"`}
		if anyVersion {
			o.ETag = object.AnyVersion
		}
		p := make([]byte, 4)
		if err := within(t, func(ctx context.Context) error {
			body, got, err := c.Open(ctx, o, 2, 4)
			if err != nil {
				return err
			}
			defer body.Close()
			if got.Name != o.Name || got.Size != o.Size || got.ETag == object.AnyVersion || !anyVersion && got != o {
				t.Errorf("%+v was answered for %+v", got, o)
			}
			o = got
			_, err = io.ReadFull(body, p)
			return err
		}); err != nil {
			refusal(t, err)
			return
		}
		// The answer is the last head that is followed by what was taken.
		s := string(raw)
		for at := range len(s) {
			head, body := s[:at], s[at:]
			if !strings.HasPrefix(body, string(p)) || !strings.HasSuffix(head, "\n\r\n") && !strings.HasSuffix(head, "\n\n") {
				continue
			}
			head = head[strings.LastIndex("\n"+head, "\nHTTP/"):]
			if code := strings.Fields(head)[1]; code == "206" && holds(head, "ETag", o.ETag) &&
				holds(head, "Content-Range", "bytes 2-5/10") && holds(head, "Content-Length", "4") {
				return
			}
		}
		t.Errorf("%q of %s was taken from %q", p, o.ETag, raw)
	})
}

// FuzzAnswerToPut: whatever a store says to a write, it is done only by 201 with a version.
func FuzzAnswerToPut(f *testing.F) {
	for _, a := range answers {
		f.Add([]byte(a))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c := answering(raw)
		defer c.Close()
		var info object.Info
		if err := within(t, func(ctx context.Context) (err error) {
			info, err = c.Put(ctx, "n", 3, strings.NewReader("abc"), object.Condition{})
			return err
		}); err != nil {
			refusal(t, err)
			return
		}
		if info.Name != "n" || info.Size != 3 || CheckVersion(info.ETag) != nil || !bytes.Contains(raw, []byte(info.ETag)) || !bytes.Contains(raw, []byte(" 201")) {
			t.Errorf("%+v was taken from %q", info, raw)
		}
	})
}

// endless is a store that never stops talking.
type endless struct {
	said
	head   string
	repeat string
	given  *atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	select {
	case <-e.asked:
	case <-e.closed:
		return 0, net.ErrClosed
	}
	n := copy(p, e.head)
	e.head = e.head[n:]
	for n < len(p) {
		n += copy(p[n:], e.repeat)
	}
	e.given.Add(int64(n))
	return n, nil
}

// What is read of an answer is bounded, whatever part of it never ends.
func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	const bound = 1 << 20 // of what is read, in bytes: headers, buffers and an error's text are far less
	for name, tc := range map[string]struct{ head, repeat string }{
		"its first line":     {"", "H"},
		"a header":           {"HTTP/1.1 206 x\r\nX: ", "x"},
		"its headers":        {"HTTP/1.1 206 x\r\n", "X: x\r\n"},
		"other answers":      {"", "HTTP/1.1 103 Early Hints\r\nX: x\r\n\r\n"},
		"its body":           {"HTTP/1.1 206 x\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\n\r\n", "2345"},
		"its body of chunks": {"HTTP/1.1 206 x\r\nETag: \"v1\"\r\nContent-Range: bytes 2-5/10\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n2\r\n"},
		"an error's text":    {"HTTP/1.1 503 x\r\n\r\n", "busy "},
		"what it stored":     {"HTTP/1.1 201 x\r\nETag: \"v1\"\r\n\r\n", "stored "},
	} {
		t.Run(name, func(t *testing.T) {
			for call, do := range map[string]func(context.Context, *Client) error{
				"ReadRange": func(ctx context.Context, c *Client) error {
					return c.ReadRange(ctx, object.Info{Name: "n", Size: 10, ETag: `"v1"`}, 2, make([]byte, 4))
				},
				"Put": func(ctx context.Context, c *Client) error {
					_, err := c.Put(ctx, "n", 3, strings.NewReader("abc"), object.Condition{})
					return err
				},
			} {
				var given atomic.Int64
				c := NewClient("", 0)
				c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					return &endless{said{asked: make(chan struct{}), closed: make(chan struct{})}, tc.head, tc.repeat, &given}, nil
				}
				err := within(t, func(ctx context.Context) error { return do(ctx, c) })
				c.Close()
				if err != nil {
					refusal(t, err)
				} else if call == "ReadRange" {
					t.Errorf("%s took it", call)
				}
				if given.Load() > bound {
					t.Errorf("%s read %d bytes of it", call, given.Load())
				}
			}
		})
	}
}
