package data

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// Opener is what a source serves here.
type Opener interface {
	Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, object.Info, error)
}

// Putter is what a sink serves here.
type Putter interface {
	Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error)
}

// Listen makes the data socket and serves h on it until the process ends.
func Listen(path string, h http.Handler) error {
	l, err := net.Listen("unix", path)
	if err != nil {
		return err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	go s.Serve(l)
	return nil
}

// chunks are copied through buffers large enough that neither end's own is used.
var buffers = sync.Pool{New: func() any { b := make([]byte, 512<<10); return &b }}

// GetHandler serves reads of o.
func GetHandler(o Opener) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, off, n, ok := readRequest(w, r)
		if !ok {
			return
		}
		body, info, err := o.Open(r.Context(), name, r.Header.Get("If-Match"), off, n)
		if err != nil {
			refuse(w, err)
			return
		}
		defer body.Close()
		if off+n > info.Size {
			http.Error(w, "the range ends after the object", http.StatusRequestedRangeNotSatisfiable)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Length", strconv.FormatInt(n, 10))
		h.Set("Content-Range", contentRange(off, n, info.Size))
		h.Set("ETag", info.ETag)
		w.WriteHeader(http.StatusPartialContent)
		buf := buffers.Get().(*[]byte)
		defer buffers.Put(buf)
		// Fewer bytes than announced make net/http cut the connection: the host sees that.
		io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{io.LimitReader(body, n)}, *buf)
	})
}

func readRequest(w http.ResponseWriter, r *http.Request) (name string, off, n int64, ok bool) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", http.MethodGet)
		http.Error(w, "only GET", http.StatusMethodNotAllowed)
		return
	}
	name, err := nameOf(r.URL)
	if err == nil {
		off, n, err = rangeOf(r.Header.Get("Range"))
	}
	if err == nil {
		err = CheckETag(r.Header.Get("If-Match"))
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	return name, off, n, true
}

// PutHandler serves writes to p.
func PutHandler(p Putter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// The answer waits until the body is read: a client still writing would lose it.
		defer io.Copy(io.Discard, r.Body)
		if r.Method != http.MethodPut {
			w.Header().Set("Allow", http.MethodPut)
			http.Error(w, "only PUT", http.StatusMethodNotAllowed)
			return
		}
		name, err := nameOf(r.URL)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if r.ContentLength < 0 {
			http.Error(w, "Content-Length is required", http.StatusLengthRequired)
			return
		}
		c, err := conditionOf(r.Header)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body := &counter{r: r.Body}
		info, err := p.Put(r.Context(), name, r.ContentLength, body, c)
		if err == nil && body.n != r.ContentLength {
			err = fault.New(fault.Internal, "plugin.put", "%s: stored after reading %d of %d bytes", name, body.n, r.ContentLength)
		}
		io.Copy(io.Discard, r.Body)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("ETag", info.ETag)
		w.WriteHeader(http.StatusCreated)
	})
}

func conditionOf(h http.Header) (object.Condition, error) {
	match, none := h.Get("If-Match"), h.Get("If-None-Match")
	switch {
	case none == "*" && match == "":
		return object.Condition{}, nil
	case none != "":
		return object.Condition{}, errors.New("header If-None-Match must be *, without If-Match")
	case match != "":
		return object.Condition{Overwrite: true, IfMatch: match}, CheckETag(match)
	}
	return object.Condition{Overwrite: true}, nil
}

// refuse answers err by its kind. Only the kinds that HTTP has a word for keep it.
func refuse(w http.ResponseWriter, err error) {
	code, ok := status[fault.KindOf(err)]
	if !ok {
		code = http.StatusInternalServerError
	}
	if errors.Is(err, ErrCondition) {
		code = http.StatusPreconditionFailed
	}
	text := err.Error()
	http.Error(w, text[:min(len(text), maxText)], code)
}

// ErrCondition is in the tree of an error that says: the write's condition does not hold.
var ErrCondition = errors.New("the condition does not hold")

type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
