package data

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"unicode"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// refused gives an answer that is not the wanted one its kind. A success of another sort,
// such as the whole object in place of a range, is Tampered. Words HTTP has for other things
// mean a plugin that does not keep the protocol: Internal, so never retried.
func refused(op, name string, resp *http.Response, precondition fault.Kind) error {
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxText))
	if err != nil {
		b = nil // the code is what counts
	}
	// The plugin chose the text: it can neither forge a line nor steer a terminal.
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(strings.TrimSpace(string(b)), "\uFFFD"))
	kind := fault.Internal
	if resp.StatusCode/100 == 2 {
		kind = fault.Tampered
	}
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusRequestedRangeNotSatisfiable:
		kind = fault.Invalid
	case http.StatusForbidden:
		kind = fault.Denied
	case http.StatusNotFound:
		kind = fault.NotFound
	case http.StatusPreconditionFailed:
		kind = precondition
	case http.StatusServiceUnavailable:
		kind = fault.Unavailable
	}
	return fault.New(kind, op, "%s: answer %d: %s", name, resp.StatusCode, text)
}

// failed is an exchange that broke: the plugin died, hung until the deadline, or cut the
// answer short. All of that is Unavailable, unless the caller gave up.
func failed(ctx context.Context, op, name string, err error) error {
	if ctx.Err() != nil {
		return fault.New(fault.KindOf(ctx.Err()), op, "%s: %w", name, ctx.Err())
	}
	var known *fault.Error
	if errors.As(err, &known) {
		return fault.Wrap(op, err)
	}
	// net/http quotes what it did not understand, up to the whole header.
	return fault.New(fault.Unavailable, op, "%s: %.*s", name, maxText, err)
}

// watched remembers why its reader failed: the transport would blame the connection.
type watched struct {
	r  io.Reader
	mu sync.Mutex
	e  error
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.r.Read(p)
	if err != nil && err != io.EOF {
		w.mu.Lock()
		w.e = err
		w.mu.Unlock()
	}
	return n, err
}

func (w *watched) err() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.e
}
