package azstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Fault gives an error of the SDK its kind. Of a condition that does not hold, read says
// whether a version was read (Tampered: it is gone) or written over (Denied).
func Fault(op, object string, err error, read bool) error {
	var resp *azcore.ResponseError
	if !errors.As(err, &resp) {
		return sdk.Errorf(transport(err), op, "%s: %w", object, withoutToken(err))
	}
	text := fmt.Sprintf("%s: the service answers %d %s", object, resp.StatusCode, resp.ErrorCode)
	switch code := bloberror.Code(resp.ErrorCode); {
	case code == bloberror.ContainerNotFound, resp.StatusCode == http.StatusNotFound:
		return sdk.Errorf(sdk.NotFound, op, "%s", text)
	case resp.StatusCode == http.StatusPreconditionFailed && read:
		return sdk.Errorf(sdk.Tampered, op, "%s", text)
	case resp.StatusCode == http.StatusPreconditionFailed, code == bloberror.BlobAlreadyExists:
		return sdk.Errorf(sdk.Denied, op, "%s: %w", text, sdk.ErrCondition)
	case resp.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		return sdk.Errorf(sdk.Invalid, op, "%s", text)
	case resp.StatusCode == http.StatusUnauthorized, resp.StatusCode == http.StatusForbidden:
		return sdk.Errorf(sdk.Denied, op, "%s", text)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout,
		resp.StatusCode >= 500 && resp.StatusCode != http.StatusNotImplemented:
		return sdk.Errorf(sdk.Unavailable, op, "%s", text)
	case resp.StatusCode == http.StatusConflict, code == bloberror.InvalidBlockList:
		// Another writer, a lease, a container being deleted: not now, not like this.
		return sdk.Errorf(sdk.Denied, op, "%s", text)
	}
	return sdk.Errorf(sdk.Internal, op, "%s", text)
}

// transport is the kind of an exchange that gave no answer.
func transport(err error) sdk.Kind {
	var at *url.Error
	if errors.As(err, &at) || errors.Is(err, context.DeadlineExceeded) {
		return sdk.Unavailable
	}
	return sdk.Internal
}

// withoutToken drops the URL, which holds the token, from an error of net/http.
func withoutToken(err error) error {
	var at *url.Error
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}
