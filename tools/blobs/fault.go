package blobs

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// classify gives an error of the SDK its kind. Of a condition that does not hold, read says
// whether a version was read (Tampered: it is gone) or written over (Denied).
func classify(op, name string, err error, read bool) error {
	var refused *azidentity.AuthenticationFailedError
	var none interface{ NonRetriable() } // no credential was found, or none may be used
	var resp *azcore.ResponseError
	switch {
	case errors.As(err, &resp): // below
	case errors.As(err, &refused), errors.As(err, &none):
		return fault.New(fault.Denied, op, "%s: no identity: log in with `az login`, or name a --sas or --connection-string file", name)
	case errors.Is(err, context.Canceled):
		return fault.New(fault.Interrupted, op, "%s: %w", name, context.Canceled)
	default:
		return fault.New(fault.Unavailable, op, "%s: %w", name, withoutURL(err))
	}
	kind := fault.Internal
	switch code := resp.StatusCode; {
	case code == http.StatusNotFound:
		kind = fault.NotFound
	case code == http.StatusPreconditionFailed && read:
		kind = fault.Tampered
	case code == http.StatusPreconditionFailed, code == http.StatusConflict, code == http.StatusUnauthorized, code == http.StatusForbidden:
		kind = fault.Denied
	case code == http.StatusRequestedRangeNotSatisfiable, bloberror.Code(resp.ErrorCode) == bloberror.InvalidResourceName:
		kind = fault.Invalid
	case away(code):
		kind = fault.Unavailable
	}
	return fault.New(kind, op, "%s: the service answers %d %s", name, resp.StatusCode, resp.ErrorCode)
}

// away says that a later try may be answered otherwise.
func away(code int) bool {
	return code == http.StatusTooManyRequests || code == http.StatusRequestTimeout || code >= 500 && code != http.StatusNotImplemented
}

// withoutURL drops the URL, which holds the signature, from an error of net/http.
func withoutURL(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// exactly fails where fewer bytes come than were said: to the SDK an early end is an end,
// and it would commit what it has.
type exactly struct {
	r    io.Reader
	left int64
	err  error // why it failed
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.r.Read(p[:min(int64(len(p)), e.left+1)])
	e.left -= int64(n)
	switch {
	case err == io.EOF && e.left > 0:
		err = fault.New(fault.Unavailable, "azure.put", "%w", io.ErrUnexpectedEOF)
	case e.left < 0:
		err = fault.New(fault.Invalid, "azure.put", "more bytes than were said")
	}
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}
