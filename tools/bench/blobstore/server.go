package blobstore

import (
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Server is one address of a store.
type Server struct {
	store   *Store
	latency time.Duration
	http    *http.Server
	addr    string
}

// Serve serves the store on a loopback address of its own. Every request waits for latency
// before it is looked at.
func Serve(s *Store, latency time.Duration) (*Server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	v := &Server{store: s, latency: latency, addr: l.Addr().String()}
	v.http = &http.Server{Handler: v}
	go v.http.Serve(l) // ends with Close
	return v, nil
}

// Endpoint is the account's, without a slash at its end.
func (v *Server) Endpoint() string { return "http://" + v.addr + "/" + Account }

// Close ends the server and its connections.
func (v *Server) Close() error { return v.http.Close() }

// Account is in every path, as it is where an account has no host name of its own.
const Account = "devstoreaccount1"

// problem is an answer of the service that is no success (Microsoft: Blob service error codes).
type problem struct {
	status int
	code   string
}

func (p problem) Error() string { return fmt.Sprintf("%d %s", p.status, p.code) }

var (
	noContainer  = problem{http.StatusNotFound, "ContainerNotFound"}
	noBlob       = problem{http.StatusNotFound, "BlobNotFound"}
	noMatch      = problem{http.StatusPreconditionFailed, "ConditionNotMet"}
	blobThere    = problem{http.StatusConflict, "BlobAlreadyExists"}
	notThere     = problem{http.StatusConflict, "ContainerAlreadyExists"}
	badRange     = problem{http.StatusRequestedRangeNotSatisfiable, "InvalidRange"}
	badBlocks    = problem{http.StatusBadRequest, "InvalidBlockList"}
	badInput     = problem{http.StatusBadRequest, "InvalidInput"}
	notAnswered  = problem{http.StatusNotImplemented, "NotImplemented"}
	notModified  = problem{http.StatusNotModified, "ConditionNotMet"}
	noLength     = problem{http.StatusLengthRequired, "MissingContentLengthHeader"}
	wrongPath    = problem{http.StatusBadRequest, "InvalidUri"}
	wrongAccount = problem{http.StatusNotFound, "ResourceNotFound"}
)

// ServeHTTP is of http.Handler.
func (v *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if v.latency > 0 {
		time.Sleep(v.latency)
	}
	w.Header().Set("x-ms-version", r.Header.Get("x-ms-version"))
	w.Header().Set("x-ms-request-id", "00000000-0000-0000-0000-000000000000")
	err := v.route(w, r)
	if err == nil {
		return
	}
	p, ok := err.(problem)
	if !ok {
		panic(http.ErrAbortHandler) // the connection is gone, or is to be: the answer has begun
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, 1<<20)) // so that the connection can be used again
	w.Header().Set("x-ms-error-code", p.code)
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(p.status)
	if r.Method != http.MethodHead && p.status != http.StatusNotModified {
		fmt.Fprintf(w, `%s<Error><Code>%s</Code><Message>%s</Message></Error>`, xml.Header, p.code, p.code)
	}
}

func (v *Server) route(w http.ResponseWriter, r *http.Request) error {
	parts := strings.SplitN(strings.TrimPrefix(r.URL.Path, "/"), "/", 3)
	if parts[0] != Account {
		return wrongAccount
	}
	q := r.URL.Query()
	do := r.Method + " " + q.Get("restype") + " " + q.Get("comp")
	if len(parts) < 2 || parts[1] == "" {
		return notAnswered
	}
	in := parts[1]
	if len(parts) == 2 || parts[2] == "" {
		switch do {
		case "PUT container ":
			return v.create(w, in)
		case "GET container ", "HEAD container ":
			return v.look(w, in)
		case "GET container list":
			return v.list(w, in, q)
		}
		return notAnswered
	}
	name := parts[2]
	switch do {
	case "GET  ", "HEAD  ":
		return v.get(w, r, in, name)
	case "PUT  ":
		return v.putBlob(w, r, in, name)
	case "PUT  block":
		return v.putBlock(w, r, in, name, q.Get("blockid"))
	case "PUT  blocklist":
		return v.putList(w, r, in, name)
	case "PUT  metadata":
		return v.setMeta(w, r, in, name)
	case "DELETE  ":
		return v.delete(w, r, in, name)
	}
	return notAnswered
}

func (v *Server) create(w http.ResponseWriter, in string) error {
	s := v.store
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.containers[in] != nil {
		return notThere
	}
	s.make(in)
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (v *Server) look(w http.ResponseWriter, in string) error {
	s := v.store
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.containers[in] == nil {
		return noContainer
	}
	w.Header().Set("ETag", `"0x80"`)
	w.Header().Set("Last-Modified", time.Unix(0, 0).UTC().Format(http.TimeFormat))
	return nil
}

// find returns a blob and checks the conditions of a request that reads or changes it.
func (s *Store) find(r *http.Request, in, name string) (*blob, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.containers[in]
	if c == nil {
		return nil, noContainer
	}
	b := c.blobs[name]
	if b == nil {
		return nil, noBlob
	}
	if m := r.Header.Get("If-Match"); m != "" && m != "*" && m != b.etag {
		return nil, noMatch
	}
	if m := r.Header.Get("If-None-Match"); m != "" && (m == "*" || m == b.etag) {
		return nil, notModified
	}
	return b, nil
}

func (v *Server) get(w http.ResponseWriter, r *http.Request, in, name string) error {
	b, err := v.store.find(r, in, name)
	if err != nil {
		return err
	}
	size := b.content.Size()
	off, n, part, err := rangeOf(r, size)
	if err != nil {
		return err
	}
	h := w.Header()
	b.describe(h)
	h.Set("Content-Length", strconv.FormatInt(n, 10))
	if part {
		h.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", off, off+n-1, size))
		w.WriteHeader(http.StatusPartialContent)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	return b.content.Write(w, off, n)
}

func (b *blob) describe(h http.Header) {
	h.Set("ETag", b.etag)
	h.Set("Last-Modified", b.modified.Format(http.TimeFormat))
	h.Set("x-ms-creation-time", b.modified.Format(http.TimeFormat))
	h.Set("x-ms-blob-type", "BlockBlob")
	h.Set("x-ms-access-tier", "Hot")
	h.Set("x-ms-lease-status", "unlocked")
	h.Set("x-ms-lease-state", "available")
	h.Set("Accept-Ranges", "bytes")
	h.Set("Content-Type", "application/octet-stream")
	for k, v := range b.header {
		h.Set(k, v)
	}
	for k, v := range b.meta {
		h.Set("x-ms-meta-"+k, v)
	}
}

// rangeOf reads the one range that a request may have; x-ms-range goes first.
func rangeOf(r *http.Request, size int64) (off, n int64, part bool, err error) {
	text := r.Header.Get("x-ms-range")
	if text == "" {
		text = r.Header.Get("Range")
	}
	if text == "" || r.Method == http.MethodHead {
		return 0, size, false, nil
	}
	from, to, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	if off, err = strconv.ParseInt(from, 10, 64); err != nil || !ok || off < 0 {
		return 0, 0, false, badInput
	}
	last := size - 1
	if to != "" {
		if last, err = strconv.ParseInt(to, 10, 64); err != nil || last < off {
			return 0, 0, false, badInput
		}
	}
	if off >= size {
		return 0, 0, false, badRange
	}
	return off, min(last, size-1) - off + 1, true, nil
}
