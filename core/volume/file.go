package volume

import (
	"context"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// file is one file of the dataset while it is open, or has been.
type file struct {
	index int // of the entry in the manifest

	mu     sync.Mutex
	info   object.Info // as published; its version is that of the first answer, and stays
	opener *sealed.Opener
	opens  int
}

// open makes the file readable. The manifest knows all of it, so nothing is asked
// of the store, but for an empty file, whose one segment no read will ask for.
func (v *view) open(ctx context.Context, f *file) error {
	opener, err := v.prepare(ctx, f)
	if err != nil {
		return err
	}
	if opener.Size() == 0 {
		if err := v.checkEmpty(ctx, f, opener); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.opener = opener
	f.opens++
	return nil
}

// prepare returns the file's opener.
func (v *view) prepare(ctx context.Context, f *file) (*sealed.Opener, error) {
	const op = "volume.open"
	e, err := v.manifest.At(ctx, f.index)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opener != nil {
		return f.opener, nil
	}
	if f.info.Name == "" {
		f.info = object.Info{Name: e.Blob, Size: e.SealedSize(), ETag: object.AnyVersion}
	}
	o, err := e.Opener(v.dek, v.manifest.FileContext(&e))
	return o, fault.Wrap(op, err)
}

func (v *view) checkEmpty(ctx context.Context, f *file, o *sealed.Opener) error {
	s := &segment{key: segmentKey{f.index, 0}, buf: make([]byte, sealed.SegmentSize)}
	return v.ask(ctx, func(ctx context.Context) error {
		return v.stream(ctx, f, o, []*segment{s}, func(*segment, []byte) {})
	})
}

// version is the object to ask for.
func (f *file) version() object.Info {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.info
}

// pin holds the version of the first answer: all of a file is of one version for as
// long as the kernel knows the file. (That it is the published one, the tags say.)
func (f *file) pin(got object.Info) error {
	const op = "volume.read"
	f.mu.Lock()
	defer f.mu.Unlock()
	if got.Size != f.info.Size {
		return fault.New(fault.Tampered, op, "%s has %d bytes, published were %d", f.info.Name, got.Size, f.info.Size)
	}
	if f.info.ETag == object.AnyVersion {
		f.info.ETag = got.ETag
	}
	if got.ETag != f.info.ETag || got.ETag == object.AnyVersion {
		return fault.New(fault.Tampered, op, "%s is version %.80s now, was %.80s", f.info.Name, got.ETag, f.info.ETag)
	}
	return nil
}

// missing makes of a source's answer what it means here: the object was published,
// and so was every range of it that we ask for.
func missing(op, blob string, err error) error {
	switch kind := fault.KindOf(err); kind {
	case fault.NotFound, fault.Invalid:
		return fault.New(fault.Tampered, op, "%s is gone from the store, or a part of it: %w", blob, err)
	default:
		return fault.New(kind, op, "%s: %w", blob, err)
	}
}

// close forgets the key schedule with the last reader.
func (f *file) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opens--; f.opens == 0 {
		f.opener = nil
	}
}
