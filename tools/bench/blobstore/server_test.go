package blobstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/tools/bench/blobstore"
)

// The account's name and key are those that Azurite publishes: not a secret.
const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

// open makes an empty container.
func open(t *testing.T, endpoint string) *container.Client {
	t.Helper()
	cred, err := container.NewSharedKeyCredential(blobstore.Account, key)
	if err != nil {
		t.Fatal(err)
	}
	o := &container.ClientOptions{}
	o.Retry = policy.RetryOptions{MaxRetries: -1}
	c, err := container.NewClientWithSharedKeyCredential(endpoint+"/"+strings.ToLower(fmt.Sprintf("c%d", time.Now().UnixNano())), cred, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return c
}

// What clients of the store use; the same checks hold for another implementation.
var checks = map[string]func(t *testing.T, c *container.Client){
	"a blob is read whole and in part": func(t *testing.T, c *container.Client) {
		put(t, c, "a/b c", "hello")
		for _, tc := range []struct {
			off, n int64
			want   string
		}{{0, 0, "hello"}, {0, 2, "he"}, {3, 9, "lo"}, {4, 1, "o"}, {2, 0, "llo"}} {
			r, err := c.NewBlobClient("a/b c").DownloadStream(t.Context(), &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: tc.off, Count: tc.n}})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(r.Body); err != nil || string(got) != tc.want {
				t.Errorf("range %d+%d = %q, %v; want %q", tc.off, tc.n, got, err, tc.want)
			}
			if want := fmt.Sprintf("bytes %d-%d/5", tc.off, tc.off+int64(len(tc.want))-1); tc.off+tc.n > 0 && (r.ContentRange == nil || *r.ContentRange != want) {
				t.Errorf("Content-Range of %d+%d is not %q", tc.off, tc.n, want)
			}
		}
		_, err := c.NewBlobClient("a/b c").DownloadStream(t.Context(), &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 6, Count: 1}})
		refused(t, err, http.StatusRequestedRangeNotSatisfiable)
	},
	"an empty blob is one": func(t *testing.T, c *container.Client) {
		put(t, c, "empty", "")
		p, err := c.NewBlobClient("empty").GetProperties(t.Context(), nil)
		if err != nil || *p.ContentLength != 0 {
			t.Errorf("GetProperties = %v, %v", p.ContentLength, err)
		}
	},
	"what is not there is not found": func(t *testing.T, c *container.Client) {
		_, err := c.NewBlobClient("none").GetProperties(t.Context(), nil)
		refused(t, err, http.StatusNotFound)
		_, err = c.NewBlobClient("none").DownloadStream(t.Context(), nil)
		refused(t, err, http.StatusNotFound)
		_, err = c.NewBlobClient("none").Delete(t.Context(), nil)
		refused(t, err, http.StatusNotFound)
	},
	"another version is neither read, written over nor deleted": func(t *testing.T, c *container.Client) {
		old := put(t, c, "a", "one")
		now := put(t, c, "a", "two")
		if old == now {
			t.Errorf("two versions are both %s", old)
		}
		match := &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: &old}}
		_, err := c.NewBlobClient("a").DownloadStream(t.Context(), &blob.DownloadStreamOptions{AccessConditions: match})
		refused(t, err, http.StatusPreconditionFailed)
		_, err = c.NewBlockBlobClient("a").UploadStream(t.Context(), strings.NewReader("three"), &blockblob.UploadStreamOptions{AccessConditions: match})
		refused(t, err, http.StatusPreconditionFailed)
		_, err = c.NewBlobClient("a").Delete(t.Context(), &blob.DeleteOptions{AccessConditions: match})
		refused(t, err, http.StatusPreconditionFailed)
		match.ModifiedAccessConditions.IfMatch = &now
		if _, err := c.NewBlobClient("a").Delete(t.Context(), &blob.DeleteOptions{AccessConditions: match}); err != nil {
			t.Error(err)
		}
	},
	"a second create is refused": func(t *testing.T, c *container.Client) {
		put(t, c, "a", "one")
		none := &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
		for _, size := range []int{1, 3 << 20} { // in one piece, and in blocks
			_, err := c.NewBlockBlobClient("a").UploadStream(t.Context(), bytes.NewReader(make([]byte, size)), &blockblob.UploadStreamOptions{BlockSize: 1 << 20, AccessConditions: none})
			refused(t, err, http.StatusConflict)
		}
	},
	"blocks make a blob, in the order of their list": func(t *testing.T, c *container.Client) {
		want := make([]byte, 5<<20+3)
		for i := range want {
			want[i] = byte(i>>16) ^ byte(i)
		}
		b := c.NewBlockBlobClient("blocks")
		if _, err := b.UploadStream(t.Context(), bytes.NewReader(want), &blockblob.UploadStreamOptions{BlockSize: 1 << 20, Concurrency: 3}); err != nil {
			t.Fatal(err)
		}
		r, err := b.DownloadStream(t.Context(), &blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 1<<20 - 7, Count: 3<<20 + 9}})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(got, want[1<<20-7:4<<20+2]) {
			t.Errorf("%d bytes over several blocks are not those that were put, %v", len(got), err)
		}
		_, err = b.CommitBlockList(t.Context(), []string{"bm9uZQ=="}, nil)
		refused(t, err, http.StatusBadRequest)
	},
	"metadata is kept, replaced and listed": func(t *testing.T, c *container.Client) {
		_, err := c.NewBlockBlobClient("m").UploadStream(t.Context(), strings.NewReader("x"), &blockblob.UploadStreamOptions{Metadata: map[string]*string{"mtime": to.Ptr("one")}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.NewBlobClient("m").SetMetadata(t.Context(), map[string]*string{"mtime": to.Ptr("two")}, nil); err != nil {
			t.Fatal(err)
		}
		p, err := c.NewBlobClient("m").GetProperties(t.Context(), nil)
		if err != nil || len(p.Metadata) != 1 || *p.Metadata["Mtime"] != "two" {
			t.Errorf("metadata = %v, %v", p.Metadata, err)
		}
		page, err := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{Include: container.ListBlobsInclude{Metadata: true}}).NextPage(t.Context())
		if err != nil || len(page.Segment.BlobItems) != 1 || *page.Segment.BlobItems[0].Metadata["mtime"] != "two" {
			t.Errorf("listed %+v, %v", page.Segment, err)
		}
	},
	"a listing has pages, prefixes, sizes and versions": func(t *testing.T, c *container.Client) {
		for _, name := range []string{"a", "d/1", "d/2", "d/e/3", "z & <z>"} {
			put(t, c, name, name)
		}
		var flat []string
		for pages := c.NewListBlobsFlatPager(&container.ListBlobsFlatOptions{MaxResults: to.Ptr[int32](2)}); pages.More(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page.Segment.BlobItems {
				flat = append(flat, *b.Name)
				if *b.Properties.ContentLength != int64(len(*b.Name)) || *b.Properties.ETag == "" {
					t.Errorf("%s is listed as %+v", *b.Name, b.Properties)
				}
			}
		}
		if want := []string{"a", "d/1", "d/2", "d/e/3", "z & <z>"}; !slices.Equal(flat, want) {
			t.Errorf("listed %q, want %q", flat, want)
		}
		var names, folders []string
		for pages := c.NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{Prefix: to.Ptr("d/"), MaxResults: to.Ptr[int32](1)}); pages.More(); {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range page.Segment.BlobItems {
				names = append(names, *b.Name)
			}
			for _, p := range page.Segment.BlobPrefixes {
				folders = append(folders, *p.Name)
			}
		}
		if !slices.Equal(names, []string{"d/1", "d/2"}) || !slices.Equal(folders, []string{"d/e/"}) {
			t.Errorf("in d/ are %q and folders %q", names, folders)
		}
	},
	"an empty container lists nothing": func(t *testing.T, c *container.Client) {
		page, err := c.NewListBlobsFlatPager(nil).NextPage(t.Context())
		if err != nil || page.Segment == nil || len(page.Segment.BlobItems) != 0 {
			t.Errorf("listed %+v, %v", page.Segment, err)
		}
	},
}

func TestStore(t *testing.T) {
	s, err := blobstore.Serve(&blobstore.Store{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, open(t, s.Endpoint())) })
	}
}

// The checks are of the service, not of our store alone.
func TestAzurite(t *testing.T) {
	main, node := needs.Azurite(t), needs.Program(t, "node")
	cmd := exec.CommandContext(t.Context(), node, main, "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry", "--skipApiVersionCheck")
	cmd.Dir = t.TempDir()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	addr := listens(t, out)
	go io.Copy(io.Discard, out)
	for name, check := range checks {
		t.Run(name, func(t *testing.T) { check(t, open(t, addr+"/"+blobstore.Account)) })
	}
}

// listens reads where Azurite says that it listens.
func listens(t *testing.T, out io.Reader) string {
	t.Helper()
	const says = "successfully listens on "
	var text []byte
	for p := make([]byte, 1024); ; {
		n, err := out.Read(p)
		text = append(text, p[:n]...)
		if _, rest, ok := strings.Cut(string(text), says); ok {
			if addr, _, whole := strings.Cut(rest, "\n"); whole {
				return strings.TrimSpace(addr)
			}
		}
		if err != nil {
			t.Fatalf("Azurite says %q and ends: %v", text, err)
		}
	}
}

func TestEveryRequestWaits(t *testing.T) {
	const wait = 20 * time.Millisecond
	s, err := blobstore.Serve(&blobstore.Store{}, wait)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	begin := time.Now()
	open(t, s.Endpoint())
	if took := time.Since(begin); took < wait { // a timer never ends early
		t.Errorf("one request took %v, want at least %v", took, wait)
	}
}

func TestWhatItDoesNotDoIsRefused(t *testing.T) {
	s, err := blobstore.Serve(&blobstore.Store{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := open(t, s.Endpoint())
	_, err = c.NewAppendBlobClient("a").Create(t.Context(), nil)
	refused(t, err, http.StatusNotImplemented)
	_, err = c.NewBlobClient("a").StartCopyFromURL(t.Context(), s.Endpoint()+"/c/b", nil)
	refused(t, err, http.StatusNotImplemented)
}

func put(t *testing.T, c *container.Client, name, text string) azcore.ETag {
	t.Helper()
	r, err := c.NewBlockBlobClient(name).UploadBuffer(context.WithoutCancel(t.Context()), []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	return *r.ETag
}

func refused(t *testing.T, err error, status int) {
	t.Helper()
	var r *azcore.ResponseError
	if !errors.As(err, &r) || r.StatusCode != status {
		t.Errorf("got %v, want status %d", err, status)
	}
}
