package dataset

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"io"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// maxManifest is the largest manifest read, in bytes: some millions of files.
const maxManifest = 1 << 30

// Result is what was read, in full and as it was sealed.
type Result struct {
	Files  int
	Bytes  int64 // of plaintext; of Publish, of ciphertext
	Listed bool  // of Verify: the store let itself be listed, and holds nothing else of this version
}

// OpenOptions say what OpenOutput opens.
type OpenOptions struct {
	Source   volume.Source
	Manifest string            // object name, from the audit
	Digest   digest.SHA256     // of the manifest, from the audit
	Contract digest.SHA256     // that the parties agreed
	Room     ed25519.PublicKey // the room's event key, from its attested runtime data
	Key      *secret.Bytes     // the recipient's X25519 private key
	Dir      string            // made by this; must not exist
	Progress Progress          // may be nil
}

// OpenOutput writes what a room released into o.Dir, for a recipient: all files,
// authenticated, with mode 0600, or no folder at all. An output other than the
// one that the audit names is Tampered, another's is Denied.
func OpenOutput(ctx context.Context, o OpenOptions) (*sealed.Output, error) {
	const op = "dataset.open"
	m, err := volume.OpenObject(ctx, o.Source, o.Manifest, volume.MaxManifest)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	out, dek, err := sealed.OpenOutputManifest(ctx, m, m.Size(), o.Key, sealed.OutputPin{Contract: o.Contract, Digest: o.Digest, Signer: o.Room})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	defer dek.Destroy()
	s := &set{src: o.Source, entries: out.Entries, dek: dek, context: func(e *sealed.Entry) []byte { return out.FileContext(e.Path) }, progress: o.Progress}
	return out, fault.Wrap(op, s.extract(ctx, o.Dir))
}

// Open writes a provider's own dataset into the folder dir, which must not exist.
func Open(ctx context.Context, src volume.Source, d Description, kek *secret.Bytes, dir string, p Progress) (Result, error) {
	return withDataset(ctx, "dataset.open", src, d, kek, p, func(s *set) error { return s.extract(ctx, dir) })
}

// Verify reads every byte of a published dataset and compares it with what was sealed. What is
// not so is Tampered, the first in the manifest's order; so is an object among the version's that
// the manifest does not name. Result.Listed is false where the store may not be listed.
func Verify(ctx context.Context, from Store, d Description, kek *secret.Bytes, p Progress) (Result, error) {
	listed := false
	r, err := withDataset(ctx, "dataset.verify", from, d, kek, p, func(s *set) error {
		if err := s.each(ctx, func(sealed.Entry) (io.WriteCloser, error) { return nowhere{io.Discard}, nil }); err != nil {
			return err
		}
		var err error
		listed, err = nothingElse(ctx, from, d, s.entries)
		return err
	})
	r.Listed = listed
	return r, err
}

// nothingElse is true where the store could be listed.
func nothingElse(ctx context.Context, from Store, d Description, entries *sealed.Entries) (bool, error) {
	named := make(map[string]struct{}, entries.Len())
	for e, err := range entries.All(ctx) {
		if err != nil {
			return false, err
		}
		named[e.Blob] = struct{}{}
	}
	for o, err := range from.List(ctx, Prefix(d.Dataset, d.Version)+"/") {
		if err != nil && fault.KindOf(err) == fault.Denied {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if _, ok := named[o.Name]; !ok && o.Name != d.Manifest {
			return true, fault.New(fault.Tampered, "dataset.objects", "%.200s: is in the store, and not in the manifest", o.Name)
		}
	}
	return true, nil
}

// List returns the files of a published dataset, from its manifest alone.
func List(ctx context.Context, src volume.Source, d Description, kek *secret.Bytes) ([]sealed.Entry, error) {
	var out []sealed.Entry
	_, err := withDataset(ctx, "dataset.list", src, d, kek, nil, func(s *set) error {
		for e, err := range s.entries.All(ctx) {
			if err != nil {
				return err
			}
			out = append(out, e)
		}
		return nil
	})
	return out, err
}

func withDataset(ctx context.Context, op string, src volume.Source, d Description, kek *secret.Bytes, p Progress, f func(*set) error) (Result, error) {
	dek, err := d.dek(kek)
	if err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	defer dek.Destroy()
	object, err := volume.OpenObject(ctx, src, d.Manifest, volume.MaxManifest)
	if err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	m, err := sealed.OpenManifest(ctx, object, object.Size(), dek, sealed.Pin{Dataset: d.Dataset, Version: d.Version, Digest: d.ManifestDigest, Signer: d.SignKey})
	if err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	if err := f(&set{src: src, entries: m.Entries, dek: dek, context: m.FileContext, progress: p}); err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	return Result{Files: m.Len(), Bytes: m.Size()}, nil
}

// set is the files that a manifest lists.
type set struct {
	src      volume.Source
	entries  *sealed.Entries
	dek      *secret.Bytes
	context  func(*sealed.Entry) []byte
	progress Progress

	mu    sync.Mutex // guards what follows, and calls of progress
	files int
	bytes int64
}

// each gives the plaintext of every file to a writer of its own, atOnce files at a time. The error
// is the first in the manifest's order.
func (s *set) each(ctx context.Context, to func(sealed.Entry) (io.WriteCloser, error)) error {
	return inOrder(ctx, s.entries.All(ctx), func(ctx context.Context, e sealed.Entry) (struct{}, error) {
		return struct{}{}, s.one(ctx, e, to)
	}, func(struct{}) error { return nil })
}

func (s *set) one(ctx context.Context, e sealed.Entry, to func(sealed.Entry) (io.WriteCloser, error)) error {
	w, err := to(e)
	if err != nil {
		return err
	}
	err = s.copy(ctx, w, e)
	if closed := w.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fault.New(fault.KindOf(err), "dataset.file", "%.200q: %w", e.Path, err)
	}
	s.done(1, 0)
	return nil
}

// done tells the progress of files and bytes more.
func (s *set) done(files int, bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files, s.bytes = s.files+files, s.bytes+bytes
	if s.progress != nil {
		s.progress(s.files, s.bytes)
	}
}

// copyBuffer asks for 4 MiB at a time: 32 MiB of plaintext for all that are open at once.
const copyBuffer = 4 << 20

func (s *set) copy(ctx context.Context, w io.Writer, e sealed.Entry) error {
	o, err := s.src.Stat(ctx, e.Blob)
	if err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return fault.New(fault.Tampered, "dataset.file", "%s is gone from the store", e.Blob)
		}
		return err
	}
	if want := e.SealedSize(); o.Size != want {
		return fault.New(fault.Tampered, "dataset.file", "%s has %d bytes, sealed were %d", e.Blob, o.Size, want)
	}
	r, err := sealed.NewFileReader(ranges{s.src, o}, &e, s.dek, s.context(&e))
	if err != nil {
		return err
	}
	h := sha256.New()
	if e.Size == 0 { // its one segment is read for its own sake
		_, err = r.ReadAtContext(ctx, nil, 0)
	}
	buf := make([]byte, min(copyBuffer, e.Size))
	for off := int64(0); off < e.Size && (err == nil || err == io.EOF); off += int64(len(buf)) {
		var n int
		if n, err = r.ReadAtContext(ctx, buf, off); err != nil && err != io.EOF {
			return err
		}
		h.Write(buf[:n])
		if _, err := w.Write(buf[:n]); err != nil {
			return err
		}
		s.done(0, int64(n))
	}
	if err != nil && err != io.EOF {
		return err
	}
	if err := r.CheckPadding(ctx); err != nil {
		return err
	}
	if !digest.FromHash(h).Equal(e.SHA256) {
		return fault.New(fault.Tampered, "dataset.file", "digest is not the manifest's")
	}
	return nil
}

// ranges is one object of a source.
type ranges struct {
	src volume.Source
	o   object.Info
}

func (r ranges) ReadRange(ctx context.Context, off int64, p []byte) error {
	return r.src.ReadRange(ctx, r.o, off, p)
}

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }
