// Package sealing seals the files of a folder into objects of a store, all under
// random names, and then publishes them by one last conditional write. It never
// follows a link, opens a device, or leaves a part behind after an error.
package sealing

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// Sink stores sealed objects. Its methods may be called concurrently.
type Sink interface {
	// Put stores size bytes of body, visible whole or not at all. Where c does not
	// hold it is Denied, and nothing is written.
	Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error)
	// Stat returns the current version of an object: NotFound where there is none.
	Stat(ctx context.Context, name string) (object.Info, error)
	// Delete removes exactly the version that o names.
	Delete(ctx context.Context, o object.Info) error
}

// Reader is a Sink that can read too, and so tell its own manifest from another's.
type Reader interface {
	// ReadRange fills p with the bytes from off of exactly the version that o names.
	ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error
}

// parallel is how many files are sealed and stored at once.
const parallel = 4

// cleaning is how long the deletion of leftovers may take.
const cleaning = 15 * time.Second

// Batch is one set of files. Its fields are set before use. It remembers what it
// stored until the manifest that names it is there: after an error Files and
// Publish, with the same arguments, go on where they were. Its methods are called
// one at a time.
type Batch struct {
	Sink     Sink
	Prefix   string                        // of the objects' names
	Paths    bool                          // paths count against the limit: a stranger chose them
	Pad      bool                          // the sink is not to see the files' sizes
	Progress func(files int, sealed int64) // called after each file, one call at a time; may be nil

	mu    sync.Mutex
	left  map[string]object.Info  // stored, or perhaps stored (then without an ETag), and not visible
	kept  map[staged]sealed.Entry // stored for certain
	files int                     // done
	bytes int64                   // of plaintext done
	sent  bool                    // a manifest that is there, or may yet arrive
}

// Files seals every file under dir and stores it. The entries are in the order
// of a manifest. Anything but regular files of limit bytes in all is Denied. The
// first error stops the others; Clean then deletes what was stored. Nobody writes
// under dir from the first call to the last.
func (b *Batch) Files(ctx context.Context, dir string, limit int64, dek *secret.Bytes, associated func(path string) []byte) ([]sealed.Entry, error) {
	t, err := openTree(dir)
	if err != nil {
		return nil, err
	}
	defer t.close()
	files, err := t.files(limit, b.Paths)
	if err != nil {
		return nil, err
	}
	return b.all(ctx, t, files, dek, associated)
}

func (b *Batch) all(ctx context.Context, t *tree, files []staged, dek *secret.Bytes, associated func(path string) []byte) ([]sealed.Entry, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	entries := make([]sealed.Entry, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(parallel, len(files)) {
		workers.Go(func() {
			for i := range next {
				e, err := b.file(ctx, t, files[i], dek, associated(files[i].path))
				if err != nil {
					cancel(err)
				}
				entries[i] = e
			}
		})
	}
	for i := 0; i < len(files) && ctx.Err() == nil; i++ {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return entries, nil
}

// blobName is random, so it says nothing of the file and meets no other.
func blobName(prefix string) (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return prefix + "/" + hex.EncodeToString(b), nil
}

// file seals one file into an object of its own, unless an earlier call has.
func (b *Batch) file(ctx context.Context, t *tree, s staged, dek *secret.Bytes, associated []byte) (sealed.Entry, error) {
	if e, ok := b.find(s); ok {
		return e, nil
	}
	e := sealed.Entry{Path: s.path, Size: s.size}
	if padded := sealed.PaddedSize(s.size); b.Pad && padded > s.size {
		e.Padded = padded
	}
	// A try whose answer was lost may arrive after the next one. So each seals into
	// a name of its own, and cannot overwrite what the manifest will say.
	err := retry.Standard.ForSize(s.size).Do(ctx, func(ctx context.Context) (err error) {
		if e.Blob, err = blobName(b.Prefix); err != nil {
			return err
		}
		b.note(object.Info{Name: e.Blob})
		o, err := b.stream(ctx, &e, object.Condition{}, func(w io.Writer) error { return t.copy(w, s) }, dek, associated)
		if err == nil {
			b.note(o)
		}
		return err
	})
	if err == nil {
		b.done(s, e)
	}
	return e, err
}

func (b *Batch) find(s staged) (sealed.Entry, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	e, ok := b.kept[s]
	return e, ok
}

func (b *Batch) done(s staged, e sealed.Entry) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[staged]sealed.Entry{}
	}
	b.kept[s] = e
	b.files, b.bytes = b.files+1, b.bytes+s.size
	if b.Progress != nil {
		b.Progress(b.files, b.bytes)
	}
}

// stream seals what fill writes, and stores it while it is being sealed.
func (b *Batch) stream(ctx context.Context, e *sealed.Entry, c object.Condition, fill func(io.Writer) error, dek *secret.Bytes, associated []byte) (object.Info, error) {
	body, pipe := io.Pipe()
	sealing := make(chan error, 1)
	go func() {
		err := sealInto(pipe, e, fill, dek, associated)
		pipe.CloseWithError(err)
		sealing <- err
	}()
	o, err := b.Sink.Put(ctx, e.Blob, e.SealedSize(), body, c)
	body.CloseWithError(errStopped)
	cause := <-sealing
	if cause != nil && !errors.Is(cause, errStopped) {
		return o, cause // the sink only saw the consequence
	}
	if err == nil && cause != nil {
		return o, fault.New(fault.Tampered, "sealing.store", "%s: the sink did not take it whole", e.Blob)
	}
	o.Name = e.Blob
	return o, err
}

var errStopped = errors.New("the sink stopped reading")

func sealInto(w io.Writer, e *sealed.Entry, fill func(io.Writer) error, dek *secret.Bytes, associated []byte) error {
	s, err := sealed.NewWriter(w, dek, associated)
	if err != nil {
		return err
	}
	h := sha256.New()
	if err := fill(io.MultiWriter(s, h)); err != nil {
		return err
	}
	e.Header, e.SHA256 = s.Header(), digest.FromHash(h)
	if e.Padded > 0 {
		if _, err := s.Pad(e.Size); err != nil {
			return err
		}
	}
	return s.Close()
}
