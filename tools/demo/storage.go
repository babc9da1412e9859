package demo

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Azurite's published development account: not a secret, and good for nothing else.
const (
	devAccount = "devstoreaccount1"
	devKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// containers of the two hospitals, and of the institute.
var containers = []string{"north", "south", "result"}

// storage is Azurite as Azure Storage, in memory.
type storage struct {
	*process
	endpoint string // http://127.0.0.1:PORT/devstoreaccount1
	client   *azblob.Client
}

func (d *demo) startStorage(ctx context.Context) error {
	p, addr, err := d.launch(ctx, "azurite", azuriteReady, d.Node, d.Azurite, "--blobHost", "127.0.0.1", "--blobPort", "0",
		"--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck")
	if err != nil {
		return err
	}
	s := &storage{process: p, endpoint: fmt.Sprintf("http://%s/%s", addr, devAccount)}
	cred, err := azblob.NewSharedKeyCredential(devAccount, devKey)
	if err != nil {
		return err
	}
	s.client, err = azblob.NewClientWithSharedKeyCredential(s.endpoint, cred, &azblob.ClientOptions{ClientOptions: azcore.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: 2, RetryDelay: 100 * time.Millisecond, MaxRetryDelay: time.Second},
	}})
	if err != nil {
		return err
	}
	for _, c := range containers {
		if _, err := s.client.CreateContainer(ctx, c, nil); err != nil {
			return fmt.Errorf("container %s: %w", c, err)
		}
	}
	d.blobs = s
	if d.Keep != "" {
		d.later(d.keepBlobs) // before the storage is stopped: it is in memory
	}
	d.set("storage", s.endpoint)
	return nil
}

// token is a credential for one container that ends with the day's work.
func (s *storage) token(name string, p sas.ContainerPermissions) (string, error) {
	u, err := s.client.ServiceClient().NewContainerClient(name).GetSASURL(p, time.Now().Add(2*time.Hour), &container.GetSASURLOptions{})
	if err != nil {
		return "", err
	}
	_, query, _ := bytes.Cut([]byte(u), []byte("?"))
	return string(query), nil
}

func (s *storage) get(ctx context.Context, c, name string) ([]byte, error) {
	r, err := s.client.DownloadStream(ctx, c, name, nil)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	return io.ReadAll(r.Body)
}

func (s *storage) put(ctx context.Context, c, name string, b []byte) error {
	_, err := s.client.UploadBuffer(ctx, c, name, b, nil)
	return err
}

// names lists a container's blobs whose names begin with prefix.
func (s *storage) names(ctx context.Context, c, prefix string) (all []string, err error) {
	for p := s.client.NewListBlobsFlatPager(c, &azblob.ListBlobsFlatOptions{Prefix: &prefix}); p.More(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Segment.BlobItems {
			all = append(all, *b.Name)
		}
	}
	return all, nil
}

// keepBlobs copies all that the storage holds into the folder that is kept.
func (d *demo) keepBlobs() error {
	select {
	case <-d.blobs.done:
		return nil // gone, and everything with it
	default:
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for _, c := range containers {
		all, err := d.blobs.names(ctx, c, "")
		if err != nil {
			return err
		}
		for _, name := range all {
			if !filepath.IsLocal(name) {
				return fault.New(fault.Invalid, "storage", "blob %.80q has a name that is no path", name)
			}
			b, err := d.blobs.get(ctx, c, name)
			if err != nil {
				return err
			}
			path := filepath.Join(d.dir, "storage", c, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				return err
			}
			if err := os.WriteFile(path, b, 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}
