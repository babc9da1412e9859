package sealing

import (
	"bytes"
	"context"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
)

// Publish writes the manifest where none is, which makes the files visible. If the sink's answer was lost, and
// something is there now, nobody can say whether it is ours: then the files stay,
// so that what is visible is whole, and the error says so.
func (b *Batch) Publish(ctx context.Context, name string, manifest []byte) error {
	var unsure error
	err := retry.Standard.Do(ctx, func(ctx context.Context) error {
		_, err := b.Sink.Put(ctx, name, int64(len(manifest)), bytes.NewReader(manifest), object.Condition{})
		if err == nil || fault.KindOf(err) == fault.Denied || fault.KindOf(err) == fault.Invalid {
			return err // written, or refused
		}
		if b.absent(ctx, name) {
			return err
		}
		unsure = err
		return nil
	})
	if unsure != nil {
		b.forget()
		return fault.New(fault.KindOf(unsure), "sealing.store", "%s: may have been written: %w", name, unsure)
	}
	return err
}

// absent says that the sink answers, and has no object of this name.
func (b *Batch) absent(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleaning)
	defer cancel()
	err := retry.Standard.Do(ctx, func(ctx context.Context) error {
		_, err := b.Sink.Stat(ctx, name)
		return err
	})
	return err != nil && fault.KindOf(err) == fault.NotFound
}

func (b *Batch) note(o object.Info) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == nil {
		b.left = map[string]object.Info{}
	}
	b.left[o.Name] = o
}

func (b *Batch) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = nil
}

// Clean deletes what was stored, as far as the sink lets it: without the
// manifest, these are bytes that nobody can open.
func (b *Batch) Clean(ctx context.Context) {
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
}
