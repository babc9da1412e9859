package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	chacha "math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/blobs/blobstest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// maxManifest bounds the ladder's manifests of one file, in bytes.
const maxManifest = 1 << 20

// TestLadder takes a file of each size the whole way: the provider's tool seals it and
// publishes it to Azurite, the source plugin of the release reads it, the mount presents it to
// 1 and to 8 readers, and each reads what was sealed. One rung at a time: the largest has at
// most about 3 GiB in memory at once (clear and sealed files are in a tmpfs here, Azurite's are
// in its memory), and its three copies of a GiB, most of it in Azurite, are what takes the time: minutes on two busy cores.
func TestLadder(t *testing.T) {
	m := parts(t)
	store, err := blobstest.Start(t.TempDir())
	must(t, err)
	t.Cleanup(store.Stop)
	container, err := store.Container(t.Context(), "ladder")
	must(t, err)
	token, err := blobstest.Token(container, sas.ContainerPermissions{Read: true, List: true})
	must(t, err)
	to, err := blobs.New(blobs.Options{ConnectionString: store.Connection, Container: "ladder"})
	must(t, err)
	src := sourceOf(t, m, store.Endpoint, token)
	for version, mib := range []int64{1, 3, 7, 16, 50, 100, 1024} {
		t.Run(fmt.Sprintf("%d MiB", mib), func(t *testing.T) {
			started := time.Now()
			r := rung{size: mib<<20 + int64(version), version: uint64(version + 1)} // the ends differ, too
			r.seal(t, to)
			t.Logf("sealed and published in %v", time.Since(started).Round(time.Millisecond))
			for _, readers := range []int{1, 8} {
				started := time.Now()
				r.read(t, src, readers)
				t.Logf("read by %d in %v", readers, time.Since(started).Round(time.Millisecond))
			}
			must(t, to.Delete(t.Context(), r.blob))
		})
	}
}

// sourceOf starts the release's plugin for a container.
func sourceOf(t *testing.T, m machine, endpoint, token string) *plugin.Source {
	t.Helper()
	path := filepath.Join(m.release, "plugins", "source", "azblob")
	f, err := os.Open(path)
	must(t, err)
	defer f.Close()
	sum, err := digest.OfReader(f)
	must(t, err)
	dir, err := os.MkdirTemp("", "ladder")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	must(t, os.Chmod(dir, 0o711))
	p, err := plugin.Start(t.Context(), plugin.Options{Name: "source/azblob", Path: path, Checksum: sum, Instance: "ladder", UID: 64001,
		Config: map[string]any{"endpoint": endpoint, "container": "ladder"}, TempDir: dir, Simulated: true, Log: slog.New(slog.DiscardHandler),
		Tokens: func(context.Context, string) (string, time.Time, error) { return token, time.Now().Add(time.Hour), nil }})
	must(t, err)
	t.Cleanup(func() { p.Close() })
	src, err := p.Source()
	must(t, err)
	return src
}

// rung is one file of the ladder.
type rung struct {
	size    int64 // of the plaintext, in bytes
	version uint64
	sum     [sha256.Size]byte
	d       dataset.Description
	dek     *secret.Bytes
	blob    object.Info
}

// seal makes the file, seals and publishes it, and keeps only its digest.
func (r *rung) seal(t *testing.T, to *blobs.Store) {
	t.Helper()
	dir, sealedDir := t.TempDir(), t.TempDir()
	f, err := os.Create(filepath.Join(dir, "file"))
	must(t, err)
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(chacha.NewChaCha8([32]byte{byte(r.version)}), r.size))
	must(t, err)
	must(t, f.Close())
	h.Sum(r.sum[:0])

	_, signer, err := ed25519.GenerateKey(rand.Reader)
	must(t, err)
	kek, err := secret.Read(rand.Reader, sealed.KeySize)
	must(t, err)
	t.Cleanup(kek.Destroy)
	folder, err := dataset.OpenFolder(sealedDir)
	must(t, err)
	defer folder.Close()
	r.d, err = dataset.Seal(t.Context(), dataset.SealOptions{Dir: dir, Sink: folder, Dataset: "ladder", Version: r.version, KEK: kek, Signer: signer})
	must(t, err)
	must(t, os.Remove(f.Name())) // the memory that it takes
	_, err = dataset.Publish(t.Context(), folder, r.d, to, nil)
	must(t, err)
	for o, err := range folder.List(t.Context(), "") {
		must(t, err)
		if o.Size >= r.size {
			r.blob, err = to.Stat(t.Context(), o.Name)
			must(t, err)
			must(t, folder.Delete(t.Context(), o))
		}
	}
	r.dek, err = keyrelease.UnwrapDEK(kek, r.d.WrappedDEK, keyrelease.DEKContext(r.d.Dataset, r.d.Version))
	must(t, err)
	t.Cleanup(r.dek.Destroy)
}

// read mounts the dataset anew and has all readers read all of the file at once.
func (r *rung) read(t *testing.T, src *plugin.Source, readers int) {
	t.Helper()
	object, err := volume.OpenObject(t.Context(), src, r.d.Manifest, maxManifest)
	must(t, err)
	manifest, err := sealed.OpenManifest(t.Context(), object, object.Size(), r.dek, sealed.Pin{
		Dataset: r.d.Dataset, Version: r.d.Version, Digest: r.d.ManifestDigest, Signer: r.d.SignKey,
	})
	must(t, err)
	p, end := permit.Issue("data.present", "ladder")
	defer end()
	dir := t.TempDir()
	m, err := volume.Mount(t.Context(), p, dir, volume.Dataset{Name: "ladder", Manifest: manifest, Source: src, DEK: r.dek}, volume.Options{})
	must(t, err)
	defer func() { must(t, m.Close()) }()
	sums := make(chan string, readers)
	for range readers {
		go func() { sums <- sumOf(filepath.Join(dir, "file")) }()
	}
	for range readers {
		if got, want := <-sums, fmt.Sprintf("%x of %d bytes", r.sum, r.size); got != want {
			t.Errorf("%d readers: one read %s, want %s (%v)", readers, got, want, m.Err())
		}
	}
}

// sumOf is the digest of a file and its size, or what kept them from being read.
func sumOf(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, f)
	if err != nil {
		return fmt.Sprintf("%v after %d bytes", err, n)
	}
	return fmt.Sprintf("%x of %d bytes", h.Sum(nil), n)
}
