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
	info   object.Info // of the first open; the same for the life of the mount
	opener *sealed.Opener
	opens  int
}

// open makes the file readable. The store must hold an object of the size that
// the manifest says, and from then on the same version of it.
func (v *view) open(ctx context.Context, f *file) error {
	const op = "volume.open"
	f.mu.Lock()
	defer f.mu.Unlock()
	e := &v.manifest.Entries[f.index]
	if f.info.Name == "" {
		var o object.Info
		if err := v.ask(ctx, func(ctx context.Context) (err error) {
			o, err = v.source.Stat(ctx, e.Blob)
			return err
		}); err != nil {
			return missing(op, e.Blob, err)
		}
		if want := sealed.SealedSize(e.Size); o.Size != want {
			return fault.New(fault.Tampered, op, "%s has %d bytes, published were %d", e.Blob, o.Size, want)
		}
		o.Name = e.Blob // ours, whatever the source calls it
		f.info = o
	}
	if f.opener == nil {
		context := sealed.FileContext(v.manifest.Dataset, e.Path, v.manifest.Version)
		opener, err := sealed.NewOpener(v.dek, e.Header, context, e.Size)
		if err != nil {
			return fault.Wrap(op, err)
		}
		if e.Size == 0 { // no read will ask for its one segment
			if err := v.readEmpty(ctx, f.info, opener); err != nil {
				return err
			}
		}
		f.opener = opener
	}
	f.opens++
	return nil
}

func (v *view) readEmpty(ctx context.Context, o object.Info, opener *sealed.Opener) error {
	const op = "volume.open"
	b := make([]byte, o.Size)
	if err := v.ask(ctx, func(ctx context.Context) error { return v.source.ReadRange(ctx, o, 0, b) }); err != nil {
		return missing(op, o.Name, err)
	}
	_, err := opener.Open(nil, 0, b)
	return fault.Wrap(op, err)
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

// read copies plaintext from off on into p and returns how much. The file must be open.
func (v *view) read(ctx context.Context, f *file, a *ahead, p []byte, off int64) (int, error) {
	f.mu.Lock()
	opener := f.opener
	f.mu.Unlock()
	if opener == nil {
		return 0, fault.New(fault.Internal, "volume.read", "file is not open")
	}
	if off < 0 || off >= opener.Size() {
		return 0, nil
	}
	p = p[:min(int64(len(p)), opener.Size()-off)]
	if from, to := a.plan(off, int64(len(p)), opener.Size(), v.windowLimit); to > from {
		defer func() { a.reached(v.prefetch(f, opener, from, to)) }() // after what is asked for now
	}
	n := 0
	last := sealed.SegmentOf(off + int64(len(p)) - 1)
	for n < len(p) {
		i := sealed.SegmentOf(off + int64(n))
		s, fill, err := v.cache.get(ctx, segmentKey{f.index, i})
		if err != nil {
			return n, err
		}
		if fill {
			v.fetchMissing(f, opener, s, last)
		} else {
			v.stats.hits.Add(1)
		}
		select {
		case <-s.ready:
		case <-ctx.Done():
			v.cache.release(s)
			return n, ctx.Err()
		}
		if err = s.err; err == nil {
			n += copy(p[n:], s.plain[off+int64(n)-sealed.PlainStart(i):])
		}
		v.cache.release(s)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}
