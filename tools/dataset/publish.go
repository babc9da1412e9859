package dataset

import (
	"context"
	"io"
	"iter"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// Store is what datasets are published to and read from.
type Store interface {
	volume.Source
	volume.Sink
	// List yields the objects whose names begin with prefix, in byte order of their names.
	List(ctx context.Context, prefix string) iter.Seq2[object.Info, error]
}

// Publish copies a dataset that was sealed into a folder to a store: the files first, the
// manifest last, so that nothing is visible before all is there. No key is needed. What is there
// already in the right size is not sent again, so an interrupted Publish goes on where it was, and
// a finished one does nothing. Another manifest of that version is Denied: a published version
// stays. A store that may not be listed is asked about each object. Memory does not grow with the
// dataset, but for the names in its folder.
func Publish(ctx context.Context, from *Folder, d Description, to Store, p Progress) (Result, error) {
	const op = "dataset.publish"
	manifest, err := from.Stat(ctx, d.Manifest)
	if fault.KindOf(err) == fault.NotFound && err != nil {
		return Result{}, fault.New(fault.NotFound, op, "%s: the folder has no manifest of it", d.Manifest)
	} else if err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	if err := mayPublish(ctx, d, to); err != nil {
		return Result{}, fault.Wrap(op, err)
	}
	var r Result
	err = inOrder(ctx, missing(ctx, from, d, to), func(ctx context.Context, o there) (object.Info, error) {
		if o.already {
			return o.Info, nil
		}
		return o.Info, send(ctx, from, o.Info, to)
	}, func(o object.Info) error {
		r.Files, r.Bytes = r.Files+1, r.Bytes+o.Size
		if p != nil {
			p(r.Files, r.Bytes)
		}
		return nil
	})
	if err != nil {
		return r, fault.Wrap(op, err)
	}
	err = send(ctx, from, manifest, to)
	if fault.KindOf(err) == fault.Denied && err != nil { // there already: by us, or by somebody else meanwhile
		if other := mayPublish(ctx, d, to); other != nil {
			return r, fault.Wrap(op, other)
		}
		if _, gone := to.Stat(ctx, d.Manifest); gone == nil {
			return r, nil
		}
	}
	return r, fault.Wrap(op, err)
}

// mayPublish refuses a version whose manifest in the store is not this one.
func mayPublish(ctx context.Context, d Description, to Store) error {
	b, err := volume.ReadObject(ctx, to, d.Manifest, maxManifest)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return nil
	case err != nil:
		return err
	}
	if got := digest.Of(b); !got.Equal(d.ManifestDigest) {
		return fault.New(fault.Denied, "store", "%s: is published already, with another manifest: the store's is %s, this one's %s", d.Manifest, got, d.ManifestDigest)
	}
	return nil
}

// there is an object of the folder, and whether the store has it.
type there struct {
	object.Info
	already bool
}

// missing yields the folder's objects of a version but the manifest. Both lists are in the same
// order, so they are compared as they come.
func missing(ctx context.Context, from *Folder, d Description, to Store) iter.Seq2[there, error] {
	return func(yield func(there, error) bool) {
		prefix := Prefix(d.Dataset, d.Version) + "/"
		next, stop := iter.Pull2(to.List(ctx, prefix))
		defer stop()
		has, err, more := next()
		denied := err != nil && fault.KindOf(err) == fault.Denied
		for o, bad := range from.List(ctx, prefix) {
			if bad != nil {
				yield(there{}, bad)
				return
			}
			if o.Name == d.Manifest {
				continue
			}
			already := false
			if denied {
				now, err := to.Stat(ctx, o.Name)
				already = err == nil && now.Size == o.Size
			} else {
				for more && err == nil && has.Name < o.Name {
					has, err, more = next()
				}
				if err != nil {
					yield(there{}, err)
					return
				}
				already = more && has.Name == o.Name && has.Size == o.Size
			}
			if !yield(there{o, already}, nil) {
				return
			}
		}
	}
}

// send stores one object where none is.
func send(ctx context.Context, from *Folder, o object.Info, to Store) error {
	f, err := from.open(o)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = to.Put(ctx, o.Name, o.Size, io.LimitReader(f, o.Size), object.Condition{})
	return err
}
