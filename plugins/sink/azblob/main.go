// Command azblob is the sink plugin for Azure Blob Storage: it writes block blobs into one
// container. A blob becomes visible whole, by one commit, or not at all. It holds no
// credential but the room's short-lived token, and sees ciphertext alone.
package main

import (
	"context"
	_ "embed"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/internal/azstore"
)

// Blocks of 8 MiB, four at a time: 32 MiB for one upload, and blobs of up to 390 GiB (the
// service takes 50,000 blocks).
const (
	blockSize = 8 << 20
	parallel  = 4
	maxBlocks = 50_000
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(&sink{}, manifest) }

type sink struct{ store *azstore.Store }

func (*sink) Describe() sdk.Description { return sdk.MustManifest(manifest) }

func (*sink) Validate(config []byte) []sdk.Violation {
	_, vs := azstore.Parse(config)
	return vs
}

func (s *sink) Configure(_ context.Context, setup sdk.Setup) (err error) {
	s.store, err = azstore.Open(setup)
	return err
}

func (s *sink) Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	const op = "azblob.put"
	if size > blockSize*maxBlocks {
		return sdk.Info{}, sdk.Errorf(sdk.Invalid, op, "%s: %d bytes are more than the service takes", name, size)
	}
	at, err := s.store.Container(ctx)
	if err != nil {
		return sdk.Info{}, err
	}
	source := &exactly{r: body, left: size}
	resp, err := at.NewBlockBlobClient(s.store.Blob(name)).UploadStream(ctx, source, &blockblob.UploadStreamOptions{
		BlockSize: blockSize, Concurrency: parallel, AccessConditions: condition(c)})
	if source.err != nil {
		return sdk.Info{}, sdk.Errorf(sdk.Unavailable, op, "%s: read what to store: %w", name, source.err)
	}
	if err != nil {
		return sdk.Info{}, azstore.Fault(op, name, err, false)
	}
	if resp.ETag == nil {
		return sdk.Info{}, sdk.Errorf(sdk.Internal, op, "%s: the service gives no version", name)
	}
	return sdk.Info{Name: name, Size: size, ETag: string(*resp.ETag)}, nil
}

func condition(c sdk.Condition) *blob.AccessConditions {
	m := &blob.ModifiedAccessConditions{}
	if !c.Overwrite {
		any := azcore.ETagAny
		m.IfNoneMatch = &any
	} else if c.IfMatch != "" {
		tag := azcore.ETag(c.IfMatch)
		m.IfMatch = &tag
	}
	return &blob.AccessConditions{ModifiedAccessConditions: m}
}

func (s *sink) Stat(ctx context.Context, name string) (sdk.Info, error) {
	const op = "azblob.stat"
	c, err := s.store.Container(ctx)
	if err != nil {
		return sdk.Info{}, err
	}
	p, err := c.NewBlobClient(s.store.Blob(name)).GetProperties(ctx, nil)
	if err != nil {
		return sdk.Info{}, azstore.Fault(op, name, err, false)
	}
	if p.ContentLength == nil || p.ETag == nil {
		return sdk.Info{}, sdk.Errorf(sdk.Internal, op, "%s: the service gives no size or no version", name)
	}
	return sdk.Info{Name: name, Size: *p.ContentLength, ETag: string(*p.ETag)}, nil
}

func (s *sink) Delete(ctx context.Context, o sdk.Info) error {
	c, err := s.store.Container(ctx)
	if err != nil {
		return err
	}
	_, err = c.NewBlobClient(s.store.Blob(o.Name)).Delete(ctx, &blob.DeleteOptions{
		AccessConditions: condition(sdk.Condition{Overwrite: true, IfMatch: o.ETag})})
	if err != nil {
		return azstore.Fault("azblob.delete", o.Name, err, false)
	}
	return nil
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
		err = io.ErrUnexpectedEOF
	case e.left < 0:
		err = sdk.Errorf(sdk.Invalid, "azblob.put", "more bytes than were said")
	}
	if err != nil && err != io.EOF {
		e.err = err
	}
	return n, err
}
