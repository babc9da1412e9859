package sealing

import (
	"bytes"
	"context"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// place is what is known of the object where the manifest goes.
type place uint8

const (
	unknown place = iota // the sink does not say, or cannot be read
	empty
	ours
	another
)

// Publish writes the manifest where none is, which makes the files visible, and
// deletes what is not one of them. Where something else is, it is Denied. If the
// sink's answer was lost, it looks whether the manifest is there. Where that
// cannot be told it is Unavailable, and Clean deletes nothing more: a write that
// is late must not make files visible that are gone.
func (b *Batch) Publish(ctx context.Context, name string, manifest []byte) error {
	const op = "sealing.publish"
	var unsure error
	err := retry.Standard.Do(ctx, func(ctx context.Context) error {
		_, err := b.Sink.Put(ctx, name, int64(len(manifest)), bytes.NewReader(manifest), object.Condition{})
		kind := fault.KindOf(err)
		if err == nil || !b.sent && (kind == fault.Denied || kind == fault.Invalid) {
			return err // written, or refused
		}
		b.sent = true
		switch b.look(ctx, name, manifest) {
		case ours:
			return nil
		case another:
			b.sent = false // what may yet arrive is refused
			return fault.New(fault.Denied, op, "%s: is taken", name)
		case empty:
			return fault.New(kind, op, "%s: may yet be written: %w", name, err)
		}
		unsure = fault.New(fault.Unavailable, op, "%s: may have been written: %w", name, err)
		return nil
	})
	if err == nil {
		err = unsure
	}
	if err == nil {
		b.published(ctx)
	}
	return err
}

// look says what the sink has in the manifest's place.
func (b *Batch) look(ctx context.Context, name string, manifest []byte) place {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	reader, readable := b.Sink.(Reader)
	var o object.Info
	got := make([]byte, len(manifest))
	err := retry.Standard.Do(ctx, func(ctx context.Context) (err error) {
		if o, err = b.Sink.Stat(ctx, name); err != nil || o.Size != int64(len(manifest)) || !readable {
			return err
		}
		return reader.ReadRange(ctx, o, 0, got)
	})
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return empty
	case err != nil:
		return unknown
	case o.Size != int64(len(manifest)):
		return another
	case !readable:
		return unknown
	case bytes.Equal(got, manifest):
		return ours
	}
	return another
}

func (b *Batch) note(o object.Info) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == nil {
		b.left = map[string]object.Info{}
	}
	b.left[o.Name] = o
}

// published forgets the files that are visible, and deletes what other tries left.
func (b *Batch) published(ctx context.Context) {
	b.mu.Lock()
	for _, e := range b.kept {
		delete(b.left, e.Blob)
	}
	b.mu.Unlock()
	b.sent = false
	b.Clean(ctx)
}

// Clean deletes what was stored, as far as the sink lets it: without the
// manifest, these are bytes that nobody can open. It deletes nothing while the
// manifest may be there.
func (b *Batch) Clean(ctx context.Context) {
	if b.sent {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	b.mu.Lock()
	defer b.mu.Unlock()
	for name, o := range b.left {
		if o.ETag == "" {
			var err error
			if o, err = b.Sink.Stat(ctx, name); err != nil {
				continue
			}
		}
		_ = b.Sink.Delete(ctx, o)
	}
	b.left, b.kept = nil, nil
}
