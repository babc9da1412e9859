// Command azblob is the source plugin for Azure Blob Storage: it reads block blobs of one
// container. It holds no credential but the room's short-lived token, and sees ciphertext
// alone.
package main

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/internal/azstore"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(&source{}, manifest) }

type source struct{ store *azstore.Store }

func (*source) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*source) Validate(config []byte) []sdk.Violation {
	_, vs := azstore.Parse(config)
	return vs
}

func (s *source) Configure(_ context.Context, setup sdk.Setup) (err error) {
	s.store, err = azstore.Open(setup)
	return err
}

func (s *source) Stat(ctx context.Context, name string) (sdk.Info, error) {
	const op = "azblob.stat"
	c, err := s.store.Container(ctx)
	if err != nil {
		return sdk.Info{}, err
	}
	p, err := c.NewBlobClient(s.store.Blob(name)).GetProperties(ctx, nil)
	if err != nil {
		return sdk.Info{}, azstore.Fault(op, name, err, true)
	}
	return info(op, name, p.ContentLength, p.ETag)
}

func (s *source) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	const op = "azblob.list"
	return func(yield func(sdk.Info, error) bool) {
		c, err := s.store.Container(ctx)
		if err != nil {
			yield(sdk.Info{}, err)
			return
		}
		full := s.store.Blob(prefix)
		pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &full})
		for pages.More() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(sdk.Info{}, azstore.Fault(op, prefix, err, true))
				return
			}
			for _, item := range page.Segment.BlobItems {
				name, ok := "", item != nil && item.Name != nil && item.Properties != nil
				if ok {
					name, ok = s.store.Object(*item.Name)
				}
				if !ok {
					yield(sdk.Info{}, sdk.Errorf(sdk.Internal, op, "the service lists a blob without a name under the prefix"))
					return
				}
				one, err := info(op, name, item.Properties.ContentLength, item.Properties.ETag)
				if !yield(one, err) || err != nil {
					return
				}
			}
		}
	}
}

func (s *source) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	const op = "azblob.open"
	c, err := s.store.Container(ctx)
	if err != nil {
		return nil, sdk.Info{}, err
	}
	match := azcore.ETag(etag) // sdk.AnyVersion is what the service calls it too
	// The mount retries reads, knows for how long, and goes on from what has arrived.
	ctx = policy.WithRetryOptions(ctx, policy.RetryOptions{MaxRetries: -1})
	resp, err := c.NewBlobClient(s.store.Blob(name)).DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: off, Count: n},
		AccessConditions: &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &match}},
	})
	if err != nil {
		err = azstore.Fault(op, name, err, true)
		if sdk.KindOf(err) == sdk.Tampered {
			// Some services say of a blob that is gone that it is not the version asked for.
			if _, gone := s.Stat(ctx, name); sdk.KindOf(gone) == sdk.NotFound {
				err = gone
			}
		}
		return nil, sdk.Info{}, err
	}
	// The service cuts a range at the blob's end; what the caller asked for lies inside.
	var first, last, size int64
	if resp.ContentRange == nil {
		err = fmt.Errorf("no Content-Range")
	} else if _, err = fmt.Sscanf(*resp.ContentRange, "bytes %d-%d/%d", &first, &last, &size); err == nil && (first != off || last != off+n-1) {
		resp.Body.Close()
		return nil, sdk.Info{}, sdk.Errorf(sdk.Invalid, op, "%s: bytes %d to %d are not inside its %d", name, off, off+n-1, size)
	}
	if err != nil {
		resp.Body.Close()
		return nil, sdk.Info{}, sdk.Errorf(sdk.Internal, op, "%s: answer of the service: %w", name, err)
	}
	one, err := info(op, name, &size, resp.ETag)
	if err != nil {
		resp.Body.Close()
		return nil, sdk.Info{}, err
	}
	return resp.Body, one, nil
}

// info is what the service says of a blob; it may have left something out. A listing has the
// version without the quotes that it has in headers.
func info(op, name string, size *int64, etag *azcore.ETag) (sdk.Info, error) {
	if size == nil || etag == nil {
		return sdk.Info{}, sdk.Errorf(sdk.Internal, op, "%s: the service gives no size or no version", name)
	}
	version := string(*etag)
	if !strings.HasPrefix(version, `"`) {
		version = `"` + version + `"`
	}
	return sdk.Info{Name: name, Size: *size, ETag: version}, nil
}
