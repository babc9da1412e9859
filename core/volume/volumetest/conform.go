package volumetest

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// Both is a store that can be written and read.
type Both interface {
	volume.Source
	Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error)
	Delete(ctx context.Context, o object.Info) error
}

// Conform is what packages volume and dataset expect of any store. Each check gets an empty one.
var Conform = map[string]func(t *testing.T, s Both){
	"what was put is read, whole and in part": func(t *testing.T, s Both) {
		put(t, s, "a/b", "hello", object.Condition{})
		o := stat(t, s, "a/b")
		if o.Size != 5 || o.ETag == "" {
			t.Errorf("Stat = %+v, want 5 bytes and a version", o)
		}
		for off := range int64(5) {
			p := make([]byte, 5-off)
			if err := s.ReadRange(t.Context(), o, off, p); err != nil || string(p) != "hello"[off:] {
				t.Errorf("ReadRange(%d) = %q, %v", off, p, err)
			}
		}
	},
	"an empty object is one": func(t *testing.T, s Both) {
		put(t, s, "empty", "", object.Condition{})
		if o := stat(t, s, "empty"); o.Size != 0 {
			t.Errorf("Stat = %+v", o)
		}
	},
	"what is not there is NotFound": func(t *testing.T, s Both) {
		_, err := s.Stat(t.Context(), "none")
		want(t, err, fault.NotFound)
		want(t, s.Delete(t.Context(), object.Info{Name: "none", ETag: `"x"`}), fault.NotFound)
	},
	"a second create is Denied and writes nothing": func(t *testing.T, s Both) {
		put(t, s, "a", "one", object.Condition{})
		_, err := s.Put(t.Context(), "a", 3, bytes.NewReader([]byte("two")), object.Condition{})
		want(t, err, fault.Denied)
		read(t, s, stat(t, s, "a"), "one")
	},
	"an overwrite makes another version, and the old one is Tampered": func(t *testing.T, s Both) {
		put(t, s, "a", "one", object.Condition{})
		old := stat(t, s, "a")
		put(t, s, "a", "two", object.Condition{Overwrite: true})
		read(t, s, stat(t, s, "a"), "two")
		want(t, s.ReadRange(t.Context(), old, 0, make([]byte, 3)), fault.Tampered)
	},
	"a body of another length is refused, and leaves nothing": func(t *testing.T, s Both) {
		for _, size := range []int64{2, 4} {
			if _, err := s.Put(t.Context(), "a", size, bytes.NewReader([]byte("one")), object.Condition{}); err == nil {
				t.Errorf("Put of 3 bytes as %d succeeded", size)
			}
			_, err := s.Stat(t.Context(), "a")
			want(t, err, fault.NotFound)
		}
	},
	"an error of the body comes back, and leaves nothing": func(t *testing.T, s Both) {
		broken := io.MultiReader(bytes.NewReader([]byte("on")), failing{})
		_, err := s.Put(t.Context(), "a", 3, broken, object.Condition{})
		want(t, err, fault.Tampered)
		_, err = s.Stat(t.Context(), "a")
		want(t, err, fault.NotFound)
	},
	"another version is not deleted": func(t *testing.T, s Both) {
		put(t, s, "a", "one", object.Condition{})
		old := stat(t, s, "a")
		put(t, s, "a", "two", object.Condition{Overwrite: true})
		want(t, s.Delete(t.Context(), old), fault.Denied)
		if err := s.Delete(t.Context(), stat(t, s, "a")); err != nil {
			t.Error(err)
		}
		_, err := s.Stat(t.Context(), "a")
		want(t, err, fault.NotFound)
	},
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, fault.New(fault.Tampered, "body", "changed") }

func put(t *testing.T, s Both, name, body string, c object.Condition) {
	t.Helper()
	if _, err := s.Put(t.Context(), name, int64(len(body)), bytes.NewReader([]byte(body)), c); err != nil {
		t.Fatalf("Put(%s): %v", name, err)
	}
}

func stat(t *testing.T, s Both, name string) object.Info {
	t.Helper()
	o, err := s.Stat(t.Context(), name)
	if err != nil {
		t.Fatalf("Stat(%s): %v", name, err)
	}
	return o
}

func read(t *testing.T, s Both, o object.Info, body string) {
	t.Helper()
	p := make([]byte, len(body))
	if err := s.ReadRange(t.Context(), o, 0, p); err != nil || string(p) != body {
		t.Errorf("ReadRange(%s) = %q, %v; want %q", o.Name, p, err, body)
	}
}

func want(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("got %v (%v), want %v", err, fault.KindOf(err), kind)
	}
}
