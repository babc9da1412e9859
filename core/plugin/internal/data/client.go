package data

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// maxConns is more than a mount reads at once.
const maxConns = 128

// Client is the host's end. Its methods may be called concurrently.
type Client struct{ transport *http.Transport }

// NewClient returns a client of the socket at path, whose listener must run as uid.
func NewClient(path string, uid uint32) *Client {
	return &Client{&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
			if err != nil {
				return nil, err
			}
			if err := peer(conn.(*net.UnixConn), uid); err != nil {
				conn.Close()
				return nil, err
			}
			return conn, nil
		},
		DisableCompression:     true,
		MaxIdleConnsPerHost:    maxConns,
		MaxConnsPerHost:        maxConns,
		IdleConnTimeout:        time.Minute,
		MaxResponseHeaderBytes: 16 << 10,
		WriteBufferSize:        256 << 10,
		// Larger reads than this go past the buffer; it only has to hold the header.
		ReadBufferSize: 4 << 10,
	}}
}

// peer refuses a socket that another user serves: the plugin owns the folder and could have
// put anything at that path.
func peer(conn *net.UnixConn, uid uint32) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) {
		cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); err != nil {
		return err
	}
	if credErr != nil {
		return credErr
	}
	if cred.Uid != uid {
		return fault.New(fault.Tampered, "plugin.data", "data socket is served by user %d, want %d", cred.Uid, uid)
	}
	return nil
}

// Close lets go of the connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Open returns n bytes of o from off on, n at least 1, while they arrive, and the version they
// are of: o's, or the current one where o.ETag is object.AnyVersion. Another version or size
// than o's is Tampered; an answer cut short is Unavailable, also from Read; a range outside o
// is Invalid. ctx bounds the reading too. The caller closes what it got.
func (c *Client) Open(ctx context.Context, o object.Info, off, n int64) (io.ReadCloser, object.Info, error) {
	const op = "plugin.read"
	if err := CheckName(o.Name); err != nil {
		return nil, object.Info{}, err
	}
	if err := CheckETag(o.ETag); err != nil {
		return nil, object.Info{}, fault.New(fault.Invalid, op, "%s: %w", o.Name, err)
	}
	if off < 0 || n < 1 || off > o.Size-n {
		return nil, object.Info{}, fault.New(fault.Invalid, op, "%s: %d bytes at %d of an object of %d", o.Name, n, off, o.Size)
	}
	req := (&http.Request{Method: http.MethodGet, URL: location(o.Name), Header: http.Header{
		"Range": {"bytes=" + strconv.FormatInt(off, 10) + "-" + strconv.FormatInt(off+n-1, 10)}, "If-Match": {o.ETag}}}).WithContext(ctx)
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return nil, object.Info{}, failed(ctx, op, o.Name, err)
	}
	if resp.StatusCode != http.StatusPartialContent {
		defer resp.Body.Close()
		return nil, object.Info{}, refused(op, o.Name, resp, fault.Tampered)
	}
	if o.ETag, err = checkRange(resp, o, off, n); err != nil {
		resp.Body.Close()
		return nil, object.Info{}, fault.New(fault.Tampered, op, "%s: %w", o.Name, err)
	}
	return &arriving{ctx: ctx, name: o.Name, body: resp.Body, left: n}, o, nil
}

// arriving is a body of the announced length, with errors of our kinds.
type arriving struct {
	ctx  context.Context
	name string
	body io.ReadCloser
	left int64
}

func (a *arriving) Read(p []byte) (int, error) {
	n, err := a.body.Read(p)
	if a.left -= int64(n); err == nil || err == io.EOF && a.left == 0 {
		return n, err
	}
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, failed(a.ctx, "plugin.read", a.name, err)
}

func (a *arriving) Close() error { return a.body.Close() }

// ReadRange is Open of len(p) bytes, into p. No bytes are asked of nobody.
func (c *Client) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	if len(p) == 0 && off >= 0 && off <= o.Size {
		return nil
	}
	body, _, err := c.Open(ctx, o, off, int64(len(p)))
	if err != nil {
		return err
	}
	defer body.Close()
	_, err = io.ReadFull(body, p)
	return err
}

// checkRange refuses an answer that is not exactly the range, of the version asked for, and
// returns its version.
func checkRange(resp *http.Response, o object.Info, off, n int64) (version string, err error) {
	version = one(resp.Header, "ETag")
	if o.ETag == object.AnyVersion {
		if err := CheckVersion(version); err != nil {
			return "", err
		}
	} else if version != o.ETag {
		return "", fmt.Errorf("answer is of version %.80q, want %.80q", version, o.ETag)
	}
	if got, want := one(resp.Header, "Content-Range"), contentRange(off, n, o.Size); got != want {
		return "", fmt.Errorf("answer is %.80q, want %q", got, want)
	}
	if resp.ContentLength != n || len(resp.TransferEncoding) > 0 || resp.Header.Get("Content-Encoding") != "" {
		return "", fmt.Errorf("answer has length %d, want %d, unencoded", resp.ContentLength, n)
	}
	return version, nil
}

// one is the header's value if it is given exactly once.
func one(h http.Header, key string) string {
	if v := h.Values(key); len(v) == 1 {
		return v[0]
	}
	return ""
}

// Put stores size bytes of body as name, whole or not at all. A condition that does not
// hold is Denied. An error of body itself keeps its kind.
func (c *Client) Put(ctx context.Context, name string, size int64, body io.Reader, cond object.Condition) (object.Info, error) {
	const op = "plugin.put"
	if err := CheckName(name); err != nil {
		return object.Info{}, err
	}
	h := http.Header{"Content-Type": {"application/octet-stream"}}
	switch {
	case size < 0:
		return object.Info{}, fault.New(fault.Invalid, op, "%s: size %d", name, size)
	case !cond.Overwrite && cond.IfMatch != "":
		return object.Info{}, fault.New(fault.Invalid, op, "%s: a version to overwrite, but not to overwrite", name)
	case !cond.Overwrite:
		h.Set("If-None-Match", "*")
	case cond.IfMatch != "":
		if err := CheckETag(cond.IfMatch); err != nil {
			return object.Info{}, fault.New(fault.Invalid, op, "%s: %w", name, err)
		}
		h.Set("If-Match", cond.IfMatch)
	}
	source := &watched{r: body}
	req := (&http.Request{Method: http.MethodPut, URL: location(name), Header: h,
		Body: io.NopCloser(source), ContentLength: size}).WithContext(ctx)
	if size == 0 {
		req.Body = http.NoBody
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		if cause := source.err(); cause != nil {
			return object.Info{}, fault.Wrap(op, fmt.Errorf("%s: read what to store: %w", name, cause))
		}
		return object.Info{}, failed(ctx, op, name, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return object.Info{}, refused(op, name, resp, fault.Denied)
	}
	etag := one(resp.Header, "ETag")
	if err := CheckVersion(etag); err != nil {
		return object.Info{}, fault.New(fault.Tampered, op, "%s: stored, but %w", name, err)
	}
	io.Copy(io.Discard, io.LimitReader(resp.Body, maxText))
	return object.Info{Name: name, Size: size, ETag: etag}, nil
}
