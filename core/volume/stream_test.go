package volume_test

import (
	"bytes"
	"context"
	"io"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// arriving is the store as a plugin is one: ranges arrive bit by bit, of any version.
type arriving struct {
	*volumetest.Store
	opens  atomic.Int64
	change func(n int64, o *object.Info, body io.Reader) (io.Reader, error) // of the nth answer; may be nil
}

func (*arriving) Stat(context.Context, string) (object.Info, error) {
	return object.Info{}, fault.New(fault.Internal, "store", "a mount needs no Stat")
}

func (a *arriving) Open(ctx context.Context, o object.Info, off, n int64) (io.ReadCloser, object.Info, error) {
	now, err := a.Store.Stat(ctx, o.Name)
	if err != nil {
		return nil, o, err
	}
	if o.ETag == object.AnyVersion {
		o.ETag = now.ETag
	}
	p := make([]byte, n)
	if err := a.Store.ReadRange(ctx, o, off, p); err != nil {
		return nil, o, err
	}
	o.Size = now.Size
	var body io.Reader = iotest.HalfReader(bytes.NewReader(p))
	if count := a.opens.Add(1); a.change != nil {
		if body, err = a.change(count, &o, body); err != nil {
			return nil, o, err
		}
	}
	return io.NopCloser(body), o, nil
}

func arrivingView(t *testing.T, a *arriving, files map[string][]byte) *volume.View {
	t.Helper()
	a.Store = &volumetest.Store{}
	dek := volumetest.Key(t, 1)
	v := volume.NewView(volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, a.Store, dek, 1, files), Source: a, DEK: dek}, 0)
	t.Cleanup(v.Close)
	return v
}

func TestRangesThatArriveAreReadAsTheyWereSealed(t *testing.T) {
	files := map[string][]byte{"a": nil, "b": {1}, "c": volumetest.Bytes(65_480, 1), "d": volumetest.Bytes(65_481, 2), "e": volumetest.Bytes(9<<20, 3)}
	v := arrivingView(t, &arriving{}, files)
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		if got, err := v.ReadAll(t.Context(), i, 100_000); err != nil || !bytes.Equal(got, files[name]) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
}

func TestAnAnswerThatBreaksOffIsTakenUpWhereItWas(t *testing.T) {
	plain := volumetest.Bytes(3<<20, 1)
	a := &arriving{change: func(_ int64, _ *object.Info, body io.Reader) (io.Reader, error) {
		return io.LimitReader(body, sealed.SegmentSize+1000), nil // one segment of each answer
	}}
	v := arrivingView(t, a, map[string][]byte{"a": plain})
	if got, err := v.ReadAll(t.Context(), 0, 1<<20); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
	if n, most := a.opens.Load(), 2*sealed.Segments(3<<20); n > most {
		t.Errorf("%d answers for %d segments: what had arrived was asked for again", n, most/2)
	}
}

func TestALyingAnswerIsTampered(t *testing.T) {
	type answer = func(n int64, o *object.Info, body io.Reader) (io.Reader, error)
	for name, change := range map[string]answer{
		"another version in the second answer": func(n int64, o *object.Info, body io.Reader) (io.Reader, error) {
			if n > 1 {
				o.ETag = `"other"`
			}
			return body, nil
		},
		"no version": func(_ int64, o *object.Info, body io.Reader) (io.Reader, error) {
			o.ETag = object.AnyVersion
			return body, nil
		},
		"another size": func(_ int64, o *object.Info, body io.Reader) (io.Reader, error) { o.Size++; return body, nil },
		"gone": func(int64, *object.Info, io.Reader) (io.Reader, error) {
			return nil, fault.New(fault.NotFound, "store", "gone")
		},
		"cut": func(int64, *object.Info, io.Reader) (io.Reader, error) {
			return nil, fault.New(fault.Invalid, "store", "416")
		},
		"other bytes": func(_ int64, _ *object.Info, body io.Reader) (io.Reader, error) {
			return io.MultiReader(bytes.NewReader([]byte{40}), body), nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			plain := volumetest.Bytes(9<<20, 1)
			v := arrivingView(t, &arriving{change: change}, map[string][]byte{"a": plain})
			got, err := v.ReadAll(t.Context(), 0, 1<<20)
			if fault.KindOf(err) != fault.Tampered || err == nil || !bytes.HasPrefix(plain, got) {
				t.Errorf("ReadAll = %d bytes, %v; want Tampered and no wrong byte", len(got), err)
			}
		})
	}
}

func TestSmallFilesAreFetchedAheadOfAWalk(t *testing.T) {
	files := map[string][]byte{}
	for i := range 400 {
		files[string([]byte{'a' + byte(i/20), 'a' + byte(i%20)})] = volumetest.Bytes(4096, byte(i))
	}
	a := &arriving{}
	v := arrivingView(t, a, files)
	for i := range 10 {
		v.Opened(i)
	}
	v.Settle()
	if n := a.opens.Load(); n < 10 || n > 80 {
		t.Errorf("a walk of 10 files fetched %d ahead, want some, and not all 400", n)
	}
	before := a.opens.Load()
	for i := range 8 {
		if got, err := v.ReadAll(t.Context(), 10+i, 4096); err != nil || len(got) != 4096 {
			t.Errorf("file %d: %d bytes, %v", 10+i, len(got), err)
		}
	}
	if n := a.opens.Load() - before; n != 0 {
		t.Errorf("files fetched ahead were asked for again, %d times", n)
	}
}
