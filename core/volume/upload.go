package volume

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// parallel is how many files are sealed and stored at once.
const parallel = 4

// cleaning is how long the deletion of leftovers may take.
const cleaning = 15 * time.Second

// upload stores sealed files under random names, and remembers them until the
// manifest that names them is there.
type upload struct {
	sink   Sink
	prefix string
	retry  policy

	mu   sync.Mutex
	left map[string]object.Info // stored, or perhaps stored (then without an ETag)
}

// files seals and stores all files. The first error stops the others.
func (u *upload) files(ctx context.Context, t *tree, files []staged, dek *secret.Bytes, info sealed.OutputInfo) ([]sealed.Entry, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	entries := make([]sealed.Entry, len(files))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(parallel, len(files)) {
		workers.Go(func() {
			for i := range next {
				e, err := u.file(ctx, t, files[i], dek, info.FileContext(files[i].path))
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

// file seals one file into an object of its own.
func (u *upload) file(ctx context.Context, t *tree, s staged, dek *secret.Bytes, associated []byte) (sealed.Entry, error) {
	name, err := blobName(u.prefix)
	if err != nil {
		return sealed.Entry{}, err
	}
	e := sealed.Entry{Path: s.path, Blob: name, Size: s.size}
	u.note(object.Info{Name: name})
	// A second try may find that the first one was stored after all: the name is
	// ours alone, so it overwrites. It seals afresh, and the entry is of the last.
	var condition object.Condition
	err = u.retry.forSize(s.size).do(ctx, func(ctx context.Context) error {
		o, err := u.stream(ctx, &e, condition, func(w io.Writer) error { return t.copy(w, s) }, dek, associated)
		condition.Overwrite = true
		if err == nil {
			u.note(o)
		}
		return err
	})
	return e, err
}

// stream seals what fill writes, and stores it while it is being sealed.
func (u *upload) stream(ctx context.Context, e *sealed.Entry, c object.Condition, fill func(io.Writer) error, dek *secret.Bytes, associated []byte) (object.Info, error) {
	body, pipe := io.Pipe()
	sealing := make(chan error, 1)
	go func() {
		err := sealInto(pipe, e, fill, dek, associated)
		pipe.CloseWithError(err)
		sealing <- err
	}()
	o, err := u.sink.Put(ctx, e.Blob, sealed.SealedSize(e.Size), body, c)
	body.CloseWithError(errStopped)
	cause := <-sealing
	if cause != nil && !errors.Is(cause, errStopped) {
		return o, cause // the sink only saw the consequence
	}
	if err == nil && cause != nil {
		return o, fault.New(fault.Tampered, "volume.store", "%s: the sink did not take it whole", e.Blob)
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
	return s.Close()
}

// create writes the manifest where none is. If the sink's answer was lost, and
// something is there now, nobody can say whether it is ours: then the files stay,
// so that what is visible is whole, and the error says so.
func (u *upload) create(ctx context.Context, name string, b []byte) error {
	var unsure error
	err := u.retry.do(ctx, func(ctx context.Context) error {
		_, err := u.sink.Put(ctx, name, int64(len(b)), bytes.NewReader(b), object.Condition{})
		if err == nil || fault.KindOf(err) == fault.Denied || fault.KindOf(err) == fault.Invalid {
			return err // written, or refused
		}
		if u.absent(ctx, name) {
			return err
		}
		unsure = err
		return nil
	})
	if unsure != nil {
		u.forget()
		return fault.New(fault.KindOf(unsure), "volume.store", "%s: may have been written: %w", name, unsure)
	}
	return err
}

// absent says that the sink answers, and has no object of this name.
func (u *upload) absent(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	err := u.retry.do(ctx, func(ctx context.Context) error {
		_, err := u.sink.Stat(ctx, name)
		return err
	})
	return err != nil && fault.KindOf(err) == fault.NotFound
}

func (u *upload) note(o object.Info) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.left == nil {
		u.left = map[string]object.Info{}
	}
	u.left[o.Name] = o
}

func (u *upload) forget() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.left = nil
}

// clean deletes what was stored, as far as the sink lets it: without the
// manifest, these are bytes that nobody can open.
func (u *upload) clean(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	u.mu.Lock()
	defer u.mu.Unlock()
	for name, o := range u.left {
		if o.ETag == "" {
			var err error
			if o, err = u.sink.Stat(ctx, name); err != nil {
				continue
			}
		}
		_ = u.sink.Delete(ctx, o)
	}
}
