package dataset_test

import (
	"context"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// listing is a store in memory that can be listed, unless that is refused.
type listing struct {
	*volumetest.Store
	refuse error
}

func (l listing) List(ctx context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) {
		if l.refuse != nil {
			yield(object.Info{}, l.refuse)
			return
		}
		for _, n := range l.Names() {
			if strings.HasPrefix(n, prefix) && !yield(l.Stat(ctx, n)) {
				return
			}
		}
	}
}

// oneAtATime makes the order of writes known to a test that counts them.
type oneAtATime struct {
	listing
	mu sync.Mutex
}

func (s *oneAtATime) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.listing.Put(ctx, name, size, body, c)
}

func TestFolderConforms(t *testing.T) {
	for name, check := range volumetest.Conform {
		t.Run(name, func(t *testing.T) { check(t, folder(t)) })
	}
}

func TestNoNameLeadsOutOfAFolder(t *testing.T) {
	parent := t.TempDir()
	f, err := dataset.OpenFolder(filepath.Join(parent, "store"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.WriteFile(filepath.Join(parent, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../secret", filepath.Join(parent, "store", "link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../secret", "/etc/passwd", "a/../../secret", "link", "", "."} {
		if o, err := f.Stat(t.Context(), name); err == nil {
			t.Errorf("Stat(%q) = %+v", name, o)
		}
		if _, err := f.Put(t.Context(), name+"/x", 0, eof{}, object.Condition{}); name != "" && name != "." && err == nil {
			t.Errorf("Put(%q/x) succeeded", name)
		}
	}
	for o, err := range f.List(t.Context(), "") {
		if err != nil || o.Name != "x" {
			t.Errorf("List has %+v, %v", o, err)
		}
	}
}

func TestAFolderIsListedInByteOrder(t *testing.T) {
	f := folder(t)
	want := []string{"a-b", "a/b", "a/c/d", "a0", "b"}
	for _, name := range want {
		if _, err := f.Put(t.Context(), name, 0, eof{}, object.Condition{}); err != nil {
			t.Fatal(err)
		}
	}
	for prefix, want := range map[string][]string{"": want, "a": want[:4], "a/": want[1:3], "a/c/": want[2:3], "c": nil} {
		var got []string
		for o, err := range f.List(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, o.Name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("List(%q) = %q, want %q", prefix, got, want)
		}
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
