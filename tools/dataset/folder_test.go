package dataset_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// oneAtATime makes the order of writes known to a test that counts them.
type oneAtATime struct {
	*volumetest.Store
	mu sync.Mutex
}

func (s *oneAtATime) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.Store.Put(ctx, name, size, body, c)
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
	if list, err := f.List(""); err == nil {
		for _, o := range list {
			if o.Name != "x" {
				t.Errorf("List has %+v", o)
			}
		}
	} else if fault.KindOf(err) != fault.NotFound {
		t.Error(err)
	}
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }
