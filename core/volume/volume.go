// Package volume presents a sealed dataset to the application as clear,
// read-only files, and takes its outputs back: staged in memory, sealed, and made
// visible by one write. It never follows a link, pipe or device of the
// application, and plaintext never reaches anything but memory of the room.
package volume

import (
	"context"
	"io"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/retry"
	"github.com/cleanroom-dev/cleanroom/core/volume/sealing"
)

// Operations under which data comes in and goes out, as core/governance names them.
const (
	opPresent = "data.present"
	opRelease = "output.release"
	opLogs    = "logs.export"
)

// Source reads sealed objects. What it returns is believed only once it is
// authenticated. Its methods may be called concurrently.
type Source interface {
	// Stat returns the current version of an object: NotFound where there is none.
	Stat(ctx context.Context, name string) (object.Info, error)
	// ReadRange fills p from off on, from exactly the version that o names.
	ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error
}

// Streamer is a Source that hands out a range while it arrives, and needs no Stat before.
type Streamer interface {
	// Open returns n bytes of o from off on, and the version they are of: o's, or the
	// current one where o.ETag is object.AnyVersion. Another version or size than o's is
	// Tampered, an answer cut short Unavailable, also from Read. ctx bounds the reading.
	Open(ctx context.Context, o object.Info, off, n int64) (io.ReadCloser, object.Info, error)
}

// Sink stores sealed objects.
type Sink = sealing.Sink

// ReadObject reads a whole small object, such as a manifest, of at most limit
// bytes. A larger one is Tampered: nobody published it.
func ReadObject(ctx context.Context, src Source, name string, limit int64) ([]byte, error) {
	const op = "volume.object"
	var o object.Info
	if err := retry.Standard.Do(ctx, func(ctx context.Context) (err error) {
		o, err = src.Stat(ctx, name)
		return err
	}); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if o.Size < 0 || o.Size > limit {
		return nil, fault.New(fault.Tampered, op, "%s has %d bytes, want at most %d", name, o.Size, limit)
	}
	b := make([]byte, o.Size)
	if len(b) == 0 {
		return b, nil
	}
	err := retry.Standard.Do(ctx, func(ctx context.Context) error { return src.ReadRange(ctx, o, 0, b) })
	return b, fault.Wrap(op, err)
}

// MaxManifest bounds the object of a manifest, in bytes: some 25 million files, whose
// index is below 20 MiB. A larger one is refused.
const MaxManifest = 8 << 30

// Object is one version of an object that is read by ranges, such as a manifest. It
// waits for its store as a mount does. Its methods may be called concurrently.
type Object struct {
	life context.Context
	src  Source
	info object.Info
}

// OpenObject finds the current version of the object: NotFound where there is none,
// Tampered where it has more than limit bytes. ctx bounds later reads too.
func OpenObject(ctx context.Context, src Source, name string, limit int64) (*Object, error) {
	const op = "volume.object"
	o := &Object{life: ctx, src: src}
	if err := policy.Do(ctx, func(ctx context.Context) (err error) {
		o.info, err = src.Stat(ctx, name)
		return err
	}); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if o.info.Size < 0 || o.info.Size > limit {
		return nil, fault.New(fault.Tampered, op, "%s has %d bytes, want at most %d", name, o.info.Size, limit)
	}
	o.info.Name = name // ours, whatever the source calls it
	return o, nil
}

// Size returns the size of the object, in bytes.
func (o *Object) Size() int64 { return o.info.Size }

// ReadRange is of sealed.RangeReader.
func (o *Object) ReadRange(ctx context.Context, off int64, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(o.life, cancel)()
	err := policy.ForSize(int64(len(p))).Do(ctx, func(ctx context.Context) error { return o.src.ReadRange(ctx, o.info, off, p) })
	if err != nil {
		return missing("volume.object", o.info.Name, err)
	}
	return nil
}
