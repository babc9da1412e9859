package data

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// serve serves h as a plugin would, and returns the host's client of it.
func serve(t testing.TB, h http.Handler) *Client {
	t.Helper()
	dir, err := os.MkdirTemp("", "data")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "s")
	if err := Listen(path, h); err != nil {
		t.Fatal(err)
	}
	c := NewClient(path, uint32(os.Geteuid()))
	t.Cleanup(c.Close)
	return c
}

func TestALyingSourceIsNoticed(t *testing.T) {
	o := object.Info{Name: "n", Size: 10, ETag: `"v1"`}
	right := func(w http.ResponseWriter) {
		w.Header().Set("ETag", o.ETag)
		w.Header().Set("Content-Range", "bytes 2-5/10")
		w.Header().Set("Content-Length", "4")
	}
	body := func(w http.ResponseWriter, code int, s string) { w.WriteHeader(code); io.WriteString(w, s) }
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		want fault.Kind
	}{
		"200 with the whole object": {func(w http.ResponseWriter, _ *http.Request) { body(w, 200, "0123456789") }, fault.Tampered},
		"200 with the range":        {func(w http.ResponseWriter, _ *http.Request) { right(w); body(w, 200, "2345") }, fault.Tampered},
		"a redirect":                {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/object/m", 302) }, fault.Internal},
		"another version": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("ETag", `"v2"`)
			body(w, 206, "2345")
		}, fault.Tampered},
		"no version": {func(w http.ResponseWriter, _ *http.Request) { right(w); w.Header().Del("ETag"); body(w, 206, "2345") }, fault.Tampered},
		"two versions": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Add("ETag", `"v2"`)
			body(w, 206, "2345")
		}, fault.Tampered},
		"another range": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("Content-Range", "bytes 0-3/10")
			body(w, 206, "0123")
		}, fault.Tampered},
		"another size": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("Content-Range", "bytes 2-5/11")
			body(w, 206, "2345")
		}, fault.Tampered},
		"no length": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Del("Content-Length")
			w.WriteHeader(206)
			w.(http.Flusher).Flush()
			io.WriteString(w, "2345")
		}, fault.Tampered},
		"a longer answer": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("Content-Length", "5")
			body(w, 206, "23456")
		}, fault.Tampered},
		"compressed": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("Content-Encoding", "gzip")
			body(w, 206, "2345")
		}, fault.Tampered},
		"cut short":       {func(w http.ResponseWriter, _ *http.Request) { right(w); body(w, 206, "23") }, fault.Unavailable},
		"gone":            {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", 404) }, fault.NotFound},
		"changed":         {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "changed", 412) }, fault.Tampered},
		"not satisfiable": {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "416", 416) }, fault.Invalid},
		"busy":            {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "busy", 503) }, fault.Unavailable},
		"forbidden":       {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 403) }, fault.Denied},
		"a defect":        {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oh", 500) }, fault.Internal},
		"another's 502":   {func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "oh", 502) }, fault.Internal},
		"a header too long": {func(w http.ResponseWriter, _ *http.Request) {
			right(w)
			w.Header().Set("X", strings.Repeat("x", 64<<10))
			body(w, 206, "2345")
		}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			err := serve(t, tc.h).ReadRange(t.Context(), o, 2, make([]byte, 4))
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("ReadRange = %v (%v), want %v", err, fault.KindOf(err), tc.want)
			}
		})
	}
}

func TestTextOfAPluginCannotSteerATerminal(t *testing.T) {
	resp := &http.Response{StatusCode: 403, Body: io.NopCloser(strings.NewReader("\x1b[2Jno\nforged line\xff"))}
	if err := refused("op", "name", resp, fault.Denied); err.Error() != "op: name: answer 403:  [2Jno forged line\uFFFD" {
		t.Errorf("refused = %q", err)
	}
}

func TestALyingSinkIsNoticed(t *testing.T) {
	for name, tc := range map[string]struct {
		h    http.HandlerFunc
		want fault.Kind
	}{
		"200 is not stored":         {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", "x") }, fault.Tampered},
		"201 without a version":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }, fault.Tampered},
		"a condition does not hold": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(412) }, fault.Denied},
		"busy":                      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := serve(t, tc.h).Put(t.Context(), "n", 3, strings.NewReader("abc"), object.Condition{})
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("Put = %v (%v), want %v", err, fault.KindOf(err), tc.want)
			}
		})
	}
}

// fixed is a source of one object.
type fixed struct {
	name, content string
}

func (f fixed) Open(_ context.Context, name, etag string, off, n int64) (io.ReadCloser, object.Info, error) {
	if name != f.name {
		return nil, object.Info{}, fault.New(fault.NotFound, "open", "%s", name)
	}
	end := min(off+n, int64(len(f.content)))
	return io.NopCloser(strings.NewReader(f.content[min(off, end):end])), object.Info{Name: name, Size: int64(len(f.content)), ETag: etag}, nil
}

func TestNamesCrossUnchanged(t *testing.T) {
	for _, name := range []string{"a", "..", ".", "a/../b", "/a//b/", "a b+c%2F?d#e", "ü/☃", "a\nb", "%", strings.Repeat("x", MaxName)} {
		c := serve(t, GetHandler(fixed{name, "0123456789"}))
		got := make([]byte, 3)
		err := c.ReadRange(t.Context(), object.Info{Name: name, Size: 10, ETag: "v"}, 7, got)
		if err != nil || string(got) != "789" {
			t.Errorf("ReadRange(%q) = %q, %v", name, got, err)
		}
	}
}

func TestTheServerRefuses(t *testing.T) {
	c := serve(t, GetHandler(fixed{"n", "0123456789"}))
	for name, tc := range map[string]struct {
		method, path, rang, match string
		want                      int
	}{
		"a good request":         {"GET", "/object/n", "bytes=0-9", "v", 206},
		"a range past the end":   {"GET", "/object/n", "bytes=0-10", "v", 416},
		"no range":               {"GET", "/object/n", "", "v", 400},
		"a suffix range":         {"GET", "/object/n", "bytes=-3", "v", 400},
		"an open range":          {"GET", "/object/n", "bytes=3-", "v", 400},
		"two ranges":             {"GET", "/object/n", "bytes=0-1,3-4", "v", 400},
		"a range backwards":      {"GET", "/object/n", "bytes=3-2", "v", 400},
		"a range with signs":     {"GET", "/object/n", "bytes=+0-1", "v", 400},
		"a range that overflows": {"GET", "/object/n", "bytes=0-9223372036854775807", "v", 400},
		"no version":             {"GET", "/object/n", "bytes=0-9", "", 400},
		"another path":           {"GET", "/n", "bytes=0-9", "v", 400},
		"two segments":           {"GET", "/object/n/m", "bytes=0-9", "v", 400},
		"no name":                {"GET", "/object/", "bytes=0-9", "v", 400},
		"a name with NUL":        {"GET", "/object/%00", "bytes=0-9", "v", 400},
		"a name that is no text": {"GET", "/object/%ff", "bytes=0-9", "v", 400},
		"a write":                {"PUT", "/object/n", "bytes=0-9", "v", 405},
		"an unknown object":      {"GET", "/object/m", "bytes=0-9", "v", 404},
	} {
		t.Run(name, func(t *testing.T) {
			u, err := url.Parse("http://x" + tc.path)
			if err != nil {
				t.Fatal(err)
			}
			h := http.Header{"Range": {tc.rang}, "If-Match": {tc.match}}
			resp, err := c.transport.RoundTrip((&http.Request{Method: tc.method, URL: u, Header: h}).WithContext(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tc.want {
				t.Errorf("answer %d, want %d", resp.StatusCode, tc.want)
			}
		})
	}
}

func TestAnothersSocketIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Skip("the temporary folder's name is too long for a socket")
	}
	defer l.Close()
	err = NewClient(path, uint32(os.Geteuid())+1).ReadRange(t.Context(), object.Info{Name: "n", Size: 1, ETag: "v"}, 0, make([]byte, 1))
	if fault.KindOf(err) != fault.Tampered {
		t.Errorf("ReadRange = %v, want Tampered", err)
	}
}

func FuzzRange(f *testing.F) {
	for _, s := range []string{"bytes=0-1", "bytes=-1", "bytes=9223372036854775806-9223372036854775806", "", "bytes=0x1-2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		off, n, err := rangeOf(s)
		if err == nil && (off < 0 || n < 1 || off+n < off) {
			t.Errorf("rangeOf(%q) = %d, %d", s, off, n)
		}
	})
}

func FuzzName(f *testing.F) {
	for _, s := range []string{"a", "a/b", "..", "%2F", "a?b#c", "\x00", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckName(name) != nil {
			return
		}
		var raw bytes.Buffer
		if err := (&http.Request{Method: "GET", URL: location(name), Header: http.Header{}}).Write(&raw); err != nil {
			t.Fatalf("write %q: %v", name, err)
		}
		line, _, _ := strings.Cut(raw.String(), "\r\n")
		target := strings.TrimSuffix(strings.TrimPrefix(line, "GET "), " HTTP/1.1")
		u, err := url.ParseRequestURI(target)
		if err != nil {
			t.Fatalf("%q became %q: %v", name, target, err)
		}
		if got, err := nameOf(u); err != nil || got != name {
			t.Errorf("%q came back as %q, %v", name, got, err)
		}
	})
}
