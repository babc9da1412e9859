package dataset

import (
	"context"
	"io"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// uploads is how many objects Publish sends at once.
const uploads = 4

// Publish copies a dataset that was sealed into a folder to a store: the files
// first, the manifest last, so that nothing is visible before all is there. No
// key is needed. What is there already in the right size is not sent again, so
// an interrupted Publish goes on where it was. A published version is Denied.
func Publish(ctx context.Context, from *Folder, d Description, to volume.Sink, p Progress) (Result, error) {
	const op = "dataset.publish"
	objects, err := from.List(Prefix(d.Dataset, d.Version) + "/")
	if err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	var manifest object.Info
	var blobs []object.Info
	for _, o := range objects {
		if o.Name == d.Manifest {
			manifest = o
		} else {
			blobs = append(blobs, o)
		}
	}
	if manifest.Name == "" {
		return Result{}, fault.New(fault.NotFound, op, "%s: the folder has no manifest of it", d.Manifest)
	}
	if there, err := to.Stat(ctx, d.Manifest); err == nil {
		return Result{}, fault.New(fault.Denied, op, "%s: is published already, in %d bytes", d.Manifest, there.Size)
	} else if fault.KindOf(err) != fault.NotFound {
		return Result{}, fault.Wrap(op, err)
	}
	r, err := sendAll(ctx, from, blobs, to, p)
	if err != nil {
		return r, fault.Wrap(op, err)
	}
	return r, fault.Wrap(op, send(ctx, from, manifest, to))
}

// sendAll sends the objects, some at once; the first error stops the others.
func sendAll(ctx context.Context, from *Folder, objects []object.Info, to volume.Sink, p Progress) (Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		mu      sync.Mutex
		r       Result
		next    int
		workers sync.WaitGroup
	)
	take := func() (object.Info, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == len(objects) || ctx.Err() != nil {
			return object.Info{}, false
		}
		next++
		return objects[next-1], true
	}
	for range min(uploads, len(objects)) {
		workers.Go(func() {
			for o, ok := take(); ok; o, ok = take() {
				if err := send(ctx, from, o, to); err != nil {
					cancel(err)
					return
				}
				mu.Lock()
				r.Files, r.Bytes = r.Files+1, r.Bytes+o.Size
				if p != nil {
					p(r.Files, r.Bytes)
				}
				mu.Unlock()
			}
		})
	}
	workers.Wait()
	return r, context.Cause(ctx)
}

func send(ctx context.Context, from *Folder, o object.Info, to volume.Sink) error {
	if there, err := to.Stat(ctx, o.Name); err == nil && there.Size == o.Size {
		return nil // its name is random, so it is this one; Verify reads it
	}
	f, err := from.open(o)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = to.Put(ctx, o.Name, o.Size, io.LimitReader(f, o.Size), object.Condition{})
	return err
}
