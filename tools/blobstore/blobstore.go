// Package blobstore is a container of Azure Blob Storage as providers' and
// consumers' tools use it, outside any room: a volume.Source and a volume.Sink.
// It sees ciphertext alone.
package blobstore

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// Store is one container. Its methods may be called concurrently.
type Store struct{ c *container.Client }

// New returns a store of the container that c is a client of.
func New(c *container.Client) *Store { return &Store{c} }

// Stat is of volume.Source and volume.Sink.
func (s *Store) Stat(ctx context.Context, name string) (object.Info, error) {
	p, err := s.c.NewBlobClient(name).GetProperties(ctx, nil)
	if err != nil {
		return object.Info{}, kind("blobstore.stat", name, err)
	}
	if p.ContentLength == nil || p.ETag == nil {
		return object.Info{}, fault.New(fault.Unavailable, "blobstore.stat", "%s: an answer without size or ETag", name)
	}
	return object.Info{Name: name, Size: *p.ContentLength, ETag: string(*p.ETag)}, nil
}

// ReadRange is of volume.Source.
func (s *Store) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	r, err := s.c.NewBlobClient(o.Name).DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: off, Count: int64(len(p))},
		AccessConditions: match(o.ETag),
	})
	if err != nil {
		return kind("blobstore.read", o.Name, err)
	}
	defer r.Body.Close()
	if _, err := io.ReadFull(r.Body, p); err != nil {
		return fault.New(fault.Unavailable, "blobstore.read", "%s: %w", o.Name, err)
	}
	return nil
}

// blockSize is what Put holds in memory for each of uploads blocks.
const (
	blockSize = 8 << 20
	uploads   = 2
)

// Put is of volume.Sink: the object is visible when all its blocks are there.
func (s *Store) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	o := &blockblob.UploadStreamOptions{BlockSize: blockSize, Concurrency: uploads}
	switch {
	case !c.Overwrite:
		o.AccessConditions = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
	case c.IfMatch != "":
		o.AccessConditions = match(c.IfMatch)
	}
	exact := &counted{r: body, left: size}
	r, err := s.c.NewBlockBlobClient(name).UploadStream(ctx, exact, o)
	if err != nil {
		return object.Info{}, kind("blobstore.put", name, err)
	}
	if r.ETag == nil {
		return object.Info{}, fault.New(fault.Unavailable, "blobstore.put", "%s: an answer without ETag", name)
	}
	return object.Info{Name: name, Size: size, ETag: string(*r.ETag)}, nil
}

// Delete is of volume.Sink.
func (s *Store) Delete(ctx context.Context, o object.Info) error {
	_, err := s.c.NewBlobClient(o.Name).Delete(ctx, &blob.DeleteOptions{AccessConditions: match(o.ETag)})
	if err != nil {
		return kind("blobstore.delete", o.Name, err)
	}
	return nil
}

// List returns the objects whose names begin with prefix.
func (s *Store) List(ctx context.Context, prefix string) (all []object.Info, err error) {
	for p := s.c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &prefix}); p.More(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, kind("blobstore.list", prefix, err)
		}
		for _, b := range page.Segment.BlobItems {
			all = append(all, object.Info{Name: *b.Name, Size: *b.Properties.ContentLength, ETag: string(*b.Properties.ETag)})
		}
	}
	return all, nil
}

func match(etag string) *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(etag))}}
}

// kind gives an error of the SDK its kind. Its text is not passed on: it quotes
// the request, and with it a shared access signature.
func kind(op, name string, err error) error {
	var answer *azcore.ResponseError
	var dial net.Error
	switch {
	case errors.As(err, &answer):
		k := fault.Internal
		switch answer.StatusCode {
		case http.StatusNotFound:
			k = fault.NotFound
		case http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict, http.StatusPreconditionFailed:
			k = fault.Denied
		case http.StatusBadRequest:
			k = fault.Invalid
		case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			k = fault.Unavailable
		}
		return fault.New(k, op, "%s: the service answers %d %s", name, answer.StatusCode, answer.ErrorCode)
	case errors.Is(err, errLength):
		return fault.New(fault.Invalid, op, "%s: %w", name, errLength)
	case errors.As(err, &dial), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, op, "%s: the service does not answer", name)
	}
	return fault.New(fault.Internal, op, "%s: %s", name, strings.SplitN(err.Error(), "?", 2)[0])
}

var errLength = errors.New("the body is longer or shorter than it was said to be")

// counted gives exactly the bytes that were promised, or an error.
type counted struct {
	r    io.Reader
	left int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.left -= int64(n)
	if c.left < 0 || (err == io.EOF && c.left > 0) {
		return 0, errLength
	}
	return n, err
}
