package volume_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// reply is what the liar will answer, right until a lie changes it.
type reply struct {
	object, other []byte // what is asked of, and another file of the same size
	off, n        int64
	etag          string // of the object
	match         string // If-Match of the request
	at            int64  // where in the answer the segment begins that the lie is about
	count         int    // of the requests since this lie began

	code   int
	header []string // lines
	body   []byte
	cut    bool // hangs up after the body, whatever was announced
	hang   bool // never answers
}

// set puts a header's lines in the place of what it has.
func (r *reply) set(name string, values ...string) {
	kept := r.header[:0:0]
	for _, h := range r.header {
		if !strings.HasPrefix(h, name+":") {
			kept = append(kept, h)
		}
	}
	for _, v := range values {
		kept = append(kept, name+": "+v)
	}
	r.header = kept
}

func (r *reply) length(n int) { r.set("Content-Length", fmt.Sprint(n)) }

func (r *reply) refuse(code int) {
	r.code, r.header, r.body = code, nil, []byte("no")
	r.length(2)
}

// lie is one way in which a store can answer wrongly.
type lie struct {
	want fault.Kind // of the refusal
	tell func(*reply)
	// later lies show only from the second answer on: a file that comes in one is right.
	later bool
	// right lies change nothing that matters: the bytes must come out as they are.
	right bool
}

// lies are Tampered where the answer is one, but of something else; Unavailable where there
// is none in the end.
var lies = map[string]lie{
	"another range, named": {want: fault.Tampered, tell: func(r *reply) {
		r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", r.off+1, r.off+r.n, len(r.object)))
		r.body = shifted(r)
	}},
	"another range under the right name": {want: fault.Tampered, tell: func(r *reply) { r.body = shifted(r) }},
	"the beginning for every range":      {want: fault.Tampered, tell: func(r *reply) { r.body = bytes.Clone(r.object[:r.n]); r.body[r.n-1] ^= 1 }},
	"another file's bytes":               {want: fault.Tampered, tell: func(r *reply) { r.body = r.other[r.off : r.off+r.n] }},
	"zeroes":                             {want: fault.Tampered, tell: func(r *reply) { r.body = make([]byte, r.n) }},
	"a flipped bit":                      {want: fault.Tampered, tell: func(r *reply) { r.body[r.at] ^= 1 }},
	"no range":                           {want: fault.Tampered, tell: func(r *reply) { r.set("Content-Range") }},
	"two ranges": {want: fault.Tampered, tell: func(r *reply) {
		r.header = append(r.header, "Content-Range: bytes 0-0/1")
	}},
	"200 with the whole": {want: fault.Tampered, tell: func(r *reply) {
		r.code, r.body = 200, r.object
		r.set("Content-Range")
		r.length(len(r.body))
	}},
	"200 with the range":         {want: fault.Tampered, tell: func(r *reply) { r.code = 200 }},
	"204 without a body":         {want: fault.Tampered, tell: func(r *reply) { r.code, r.body = 204, nil; r.length(0) }},
	"a short body, announced":    {want: fault.Tampered, tell: func(r *reply) { r.body = r.body[:r.n-1]; r.length(len(r.body)) }},
	"a long body, announced":     {want: fault.Tampered, tell: func(r *reply) { r.body = append(r.body, 0); r.length(len(r.body)) }},
	"a long body, not announced": {right: true, tell: func(r *reply) { r.body, r.cut = append(r.body, "HTTP/1.1 206 more"...), true }},
	"a body without a length":    {want: fault.Tampered, tell: func(r *reply) { r.set("Content-Length"); r.cut = true }},
	"a body in chunks": {want: fault.Tampered, tell: func(r *reply) {
		r.set("Content-Length")
		r.header = append(r.header, "Transfer-Encoding: chunked")
		r.body = append(fmt.Appendf(nil, "%x\r\n", r.n), append(r.body, "\r\n0\r\n\r\n"...)...)
	}},
	"a compressed body": {want: fault.Tampered, tell: func(r *reply) { r.header = append(r.header, "Content-Encoding: gzip") }},
	"two lengths":       {want: fault.Unavailable, tell: func(r *reply) { r.header = append(r.header, "Content-Length: 1") }},
	"no version":        {want: fault.Tampered, tell: func(r *reply) { r.set("ETag") }},
	"two versions":      {want: fault.Tampered, tell: func(r *reply) { r.set("ETag", r.etag, r.etag) }},
	"any version":       {want: fault.Tampered, tell: func(r *reply) { r.set("ETag", "*") }},
	"another version with each answer": {want: fault.Tampered, later: true, tell: func(r *reply) {
		r.set("ETag", fmt.Sprintf(`"%d"`, r.count))
	}},
	"another version's bytes, named so": {want: fault.Tampered, tell: func(r *reply) {
		r.set("ETag", `"other"`)
		r.body = r.other[r.off : r.off+r.n]
	}},
	"replaced while open, and says so": {want: fault.Tampered, later: true, tell: func(r *reply) {
		if r.match != "*" {
			r.refuse(412)
		}
	}},
	"one byte more in its size": {want: fault.Tampered, tell: func(r *reply) {
		r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", r.off, r.off+r.n-1, len(r.object)+1))
	}},
	"one byte less in its size": {want: fault.Tampered, tell: func(r *reply) {
		r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", r.off, r.off+r.n-1, len(r.object)-1))
	}},
	"no size":                       {want: fault.Tampered, tell: func(r *reply) { r.set("Content-Range", fmt.Sprintf("bytes %d-%d/*", r.off, r.off+r.n-1)) }},
	"gone":                          {want: fault.Tampered, tell: func(r *reply) { r.refuse(404) }},
	"no such range":                 {want: fault.Tampered, tell: func(r *reply) { r.refuse(416) }},
	"changed":                       {want: fault.Tampered, tell: func(r *reply) { r.refuse(412) }},
	"cut in the middle, always":     {want: fault.Unavailable, tell: func(r *reply) { r.body, r.cut = r.body[:min(r.n/2, 1000)], true }},
	"cut before the answer, always": {want: fault.Unavailable, tell: func(r *reply) { r.code = 0 }},
	"cut twice, then right": {right: true, tell: func(r *reply) {
		if r.count <= 2 {
			r.body, r.cut = r.body[:r.n/2], true
		}
	}},
	"busy for ever": {want: fault.Unavailable, tell: func(r *reply) { r.refuse(503) }},
	"busy twice, then right": {right: true, tell: func(r *reply) {
		if r.count <= 2 {
			r.refuse(503)
		}
	}},
	"no HTTP": {want: fault.Unavailable, tell: func(r *reply) { r.code = -1 }},
}

// shifted is the range one further on, as far as there is one.
func shifted(r *reply) []byte {
	return append(bytes.Clone(r.object[r.off+1:min(r.off+r.n+1, int64(len(r.object)))]), r.object[:max(0, r.off+r.n+1-int64(len(r.object)))]...)
}

// silent never answers, so it takes as long as a try may; it is not among those of every position.
var silent = lie{want: fault.Unavailable, tell: func(r *reply) { r.hang = true }}

// liar serves the store's objects, and lies where the range has part of a segment. Which lie
// and which segment is in the file lying: "NAME\nSEGMENT".
type liar struct {
	store *store

	mu    sync.Mutex
	now   string // the lie that count is of
	count int
}

func (l *liar) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r, err := l.reply(req)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if r.hang {
		<-req.Context().Done()
		return
	}
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	switch r.code {
	case 0:
		return
	case -1:
		fmt.Fprint(buffered, "what?\r\n\r\n")
	default:
		fmt.Fprintf(buffered, "HTTP/1.1 %d x\r\n%s\r\n\r\n", r.code, strings.Join(append(r.header, "Connection: close"), "\r\n"))
		buffered.Write(r.body)
	}
	buffered.Flush()
}

func (l *liar) reply(req *http.Request) (*reply, error) {
	name, err := url.PathUnescape(strings.TrimPrefix(req.URL.EscapedPath(), "/object/"))
	if err != nil {
		return nil, err
	}
	f, info, err := l.store.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	object, err := mapped(f, info.Size)
	if err != nil {
		return nil, err
	}
	defer unmap(object)
	other, err := os.Open(filepath.Join(l.store.Dir, "blob-1"))
	if err != nil {
		return nil, err
	}
	defer other.Close()
	otherBytes, err := mapped(other, info.Size)
	if err != nil {
		return nil, err
	}
	defer unmap(otherBytes)
	off, n, ok := rangeOf(req.Header.Get("Range"))
	if !ok || off+n > info.Size {
		return nil, fmt.Errorf("range %s of %d", req.Header.Get("Range"), info.Size)
	}
	r := &reply{object: object, other: otherBytes, off: off, n: n, etag: info.ETag, match: req.Header.Get("If-Match"),
		code: 206, body: bytes.Clone(object[off : off+n])}
	r.set("ETag", info.ETag)
	r.set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, info.Size))
	r.length(int(n))
	if err := l.tell(r, name); err != nil {
		return nil, err
	}
	r.body = bytes.Clone(r.body)
	return r, nil
}

func (l *liar) tell(r *reply, name string) error {
	b, err := os.ReadFile(filepath.Join(l.store.Dir, lying))
	if err != nil || name != "blob-0" {
		return err
	}
	what, at, _ := strings.Cut(string(b), "\n")
	var segment int64
	if _, err := fmt.Sscan(at, &segment); err != nil {
		return err
	}
	if r.off >= (segment+1)*sealed.SegmentSize || r.off+r.n <= segment*sealed.SegmentSize {
		return nil
	}
	l.mu.Lock()
	if l.now != string(b) {
		l.now, l.count = string(b), 0
	}
	l.count++
	r.count, r.at = l.count, max(0, segment*sealed.SegmentSize-r.off)
	l.mu.Unlock()
	if what == "silent" {
		silent.tell(r)
		return nil
	}
	lies[what].tell(r)
	return nil
}

func mapped(f *os.File, n int64) ([]byte, error) {
	return syscall.Mmap(int(f.Fd()), 0, int(n), syscall.PROT_READ, syscall.MAP_SHARED)
}

func unmap(b []byte) { syscall.Munmap(b) }
