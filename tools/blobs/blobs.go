// Package blobs is a container of Azure Blob Storage as a store of sealed objects, for the
// people who publish and fetch them. It sees ciphertext alone, and never puts a credential
// into an error.
package blobs

import (
	"context"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// An upload of more than one block sends four at a time, and two such uploads go on at once:
// 64 MiB of memory while blocks have 8 MiB. The service takes 50,000 blocks of at most
// 4,000 MiB (Microsoft: Scalability targets for Blob Storage), so blocks of more than
// 390 GiB are larger.
const (
	blockSize = 8 << 20
	leastSize = 1 << 20 // of a block, for the SDK
	parallel  = 4
	largeOnes = 2
	maxBlocks = 50_000
	maxBlock  = 4000 << 20
)

// A service that is away for about a minute is waited for; each wait has jitter.
var patience = policy.RetryOptions{MaxRetries: 8, RetryDelay: 200 * time.Millisecond, MaxRetryDelay: 15 * time.Second}

// Options say where the container is and as whom it is used: by SAS, by ConnectionString, or
// with neither as whoever the environment, a managed identity or `az login` says.
type Options struct {
	Endpoint         string // of the account; not with ConnectionString
	Container        string
	Prefix           string // of every object's blob name
	SAS              string // a shared access signature, as query string
	ConnectionString string
	// Waiting is called where the service has not served for Waited, and is tried again: once
	// for each time that it is away, by any goroutine. It may be nil.
	Waiting func()
}

// Store is a volume.Source and a volume.Sink. Its methods may be called concurrently.
type Store struct {
	client *container.Client
	prefix string
	large  chan struct{} // a place for each large upload
}

// New returns a store. It contacts nobody yet. Its errors are Usage.
func New(o Options) (*Store, error) {
	const op = "azure"
	c, err := connect(o)
	if err != nil {
		return nil, fault.New(fault.Usage, op, "%w", err)
	}
	return &Store{c, o.Prefix, make(chan struct{}, largeOnes)}, nil
}

func connect(o Options) (*container.Client, error) {
	options := &container.ClientOptions{}
	options.Telemetry = policy.TelemetryOptions{Disabled: true}
	options.Retry = patience
	if o.Waiting != nil {
		options.PerRetryPolicies = []policy.Policy{&watch{tell: o.Waiting}}
	}
	if o.ConnectionString != "" {
		c, err := container.NewClientFromConnectionString(o.ConnectionString, o.Container, options)
		if err != nil {
			return nil, fault.New(fault.Usage, "connection string", "is not one that can be used") // the cause could show a part of it
		}
		return c, nil
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, fault.New(fault.Usage, "endpoint", "must be https://HOST[:PORT][/ACCOUNT] (got %.80q)", o.Endpoint)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fault.New(fault.Usage, "endpoint", "must hold no user, query or fragment: the credential is a file of its own")
	}
	at := strings.TrimSuffix(o.Endpoint, "/") + "/" + o.Container
	if o.SAS != "" {
		token := strings.TrimPrefix(o.SAS, "?")
		if q, err := url.ParseQuery(token); err != nil || q.Get("sig") == "" {
			return nil, fault.New(fault.Usage, "SAS", "is not a shared access signature: a query string with sig=")
		}
		return container.NewClientWithNoCredential(at+"?"+token, options)
	}
	if u.Scheme != "https" {
		return nil, fault.New(fault.Usage, "endpoint", "an identity's token is sent to https:// alone")
	}
	identity, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		return nil, err
	}
	return container.NewClient(at, identity, options)
}

// Stat is of volume.Source and volume.Sink.
func (s *Store) Stat(ctx context.Context, name string) (object.Info, error) {
	const op = "azure.stat"
	p, err := s.client.NewBlobClient(s.prefix+name).GetProperties(ctx, nil)
	if err != nil {
		return object.Info{}, classify(op, name, err, false)
	}
	if p.ContentLength == nil || p.ETag == nil {
		return object.Info{}, fault.New(fault.Internal, op, "%s: the service gives no size or no version", name)
	}
	return object.Info{Name: name, Size: *p.ContentLength, ETag: string(*p.ETag)}, nil
}

// List yields the objects whose names begin with prefix, in byte order of their names.
func (s *Store) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	const op = "azure.list"
	return func(yield func(object.Info, error) bool) {
		full := s.prefix + prefix
		for pages := s.client.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Prefix: &full}); pages.More(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(object.Info{}, classify(op, prefix, err, false))
				return
			}
			for _, b := range page.Segment.BlobItems {
				if b.Name == nil || b.Properties == nil || b.Properties.ContentLength == nil || b.Properties.ETag == nil {
					yield(object.Info{}, fault.New(fault.Internal, op, "%s: the service lists a blob without name, size or version", prefix))
					return
				}
				o := object.Info{Name: strings.TrimPrefix(*b.Name, s.prefix), Size: *b.Properties.ContentLength, ETag: quoted(*b.Properties.ETag)}
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// quoted is a version as headers have it; lists leave the quotes out.
func quoted(tag azcore.ETag) string { return `"` + strings.Trim(string(tag), `"`) + `"` }

// ReadRange is of volume.Source.
func (s *Store) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	const op = "azure.read"
	if off < 0 || int64(len(p)) > o.Size-off {
		return fault.New(fault.Invalid, op, "%s: bytes %d to %d are not inside its %d", o.Name, off, off+int64(len(p)), o.Size)
	}
	if len(p) == 0 {
		return nil
	}
	resp, err := s.client.NewBlobClient(s.prefix+o.Name).DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: off, Count: int64(len(p))},
		AccessConditions: condition(object.Condition{Overwrite: true, IfMatch: o.ETag}),
	})
	if err != nil {
		err = classify(op, o.Name, err, true)
		if fault.KindOf(err) == fault.Tampered {
			// Some services say of a blob that is gone that it is not the version asked for.
			if _, gone := s.Stat(ctx, o.Name); fault.KindOf(gone) == fault.NotFound {
				err = gone
			}
		}
		return err
	}
	body := resp.NewRetryReader(ctx, &blob.RetryReaderOptions{MaxRetries: 2})
	defer body.Close()
	if resp.ContentLength == nil || *resp.ContentLength != int64(len(p)) {
		// The service cuts a range at the blob's end: it has fewer bytes than were published.
		return fault.New(fault.Tampered, op, "%s: does not have the bytes %d to %d", o.Name, off, off+int64(len(p)))
	}
	// RFC 9110, 14.4: its last part is the size of the whole blob.
	got, want := "", fmt.Sprintf("bytes %d-%d/%d", off, off+int64(len(p))-1, o.Size)
	if resp.ContentRange != nil {
		got = *resp.ContentRange
	}
	if got != want {
		return fault.New(fault.Tampered, op, "%s: the service sends %.80q, want %q", o.Name, got, want)
	}
	if _, err := io.ReadFull(body, p); err != nil {
		return fault.New(fault.Unavailable, op, "%s: bytes %d to %d: %w", o.Name, off, off+int64(len(p)), withoutURL(err))
	}
	return nil
}

// Put is of volume.Sink: the blob is visible whole, by one commit, or not at all.
func (s *Store) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	const op = "azure.put"
	if size > maxBlock*maxBlocks {
		return object.Info{}, fault.New(fault.Invalid, op, "%s: %d bytes are more than the service takes", name, size)
	}
	o := &blockblob.UploadStreamOptions{BlockSize: max(size+1, leastSize), Concurrency: 1, AccessConditions: condition(c)}
	if size >= blockSize {
		o.BlockSize, o.Concurrency = max(blockSize, (size+maxBlocks-1)/maxBlocks), parallel
		select {
		case s.large <- struct{}{}:
			defer func() { <-s.large }()
		case <-ctx.Done():
			return object.Info{}, fault.Wrap(op, context.Cause(ctx))
		}
	}
	source := &exactly{r: body, left: size}
	resp, err := s.client.NewBlockBlobClient(s.prefix+name).UploadStream(ctx, source, o)
	switch {
	case source.err != nil:
		return object.Info{}, fault.Wrap(op, source.err)
	case err != nil:
		return object.Info{}, classify(op, name, err, false)
	case resp.ETag == nil:
		return object.Info{}, fault.New(fault.Internal, op, "%s: the service gives no version", name)
	}
	return object.Info{Name: name, Size: size, ETag: string(*resp.ETag)}, nil
}

// Delete is of volume.Sink.
func (s *Store) Delete(ctx context.Context, o object.Info) error {
	_, err := s.client.NewBlobClient(s.prefix+o.Name).Delete(ctx, &blob.DeleteOptions{
		AccessConditions: condition(object.Condition{Overwrite: true, IfMatch: o.ETag})})
	if err != nil {
		return classify("azure.delete", o.Name, err, false)
	}
	return nil
}

// Close ends the use of the store. Connections are the SDK's, shared by all of its clients.
func (s *Store) Close() error { return nil }

func condition(c object.Condition) *blob.AccessConditions {
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
