package sealing

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// What stands in a folder may change between the look at it and the reading of it.
func TestWhatChangedIsRefused(t *testing.T) {
	for name, change := range map[string]func(dir, file string) error{
		"a shorter file": func(_, file string) error { return os.Truncate(file, 1) },
		"a longer file":  func(_, file string) error { return os.Truncate(file, 9) },
		"another file of the same size": func(_, file string) error {
			if err := os.WriteFile(file+"x", []byte("swap"), 0o600); err != nil {
				return err
			}
			return os.Rename(file+"x", file)
		},
		"a link to the file": func(_, file string) error {
			if err := os.Rename(file, file+"x"); err != nil {
				return err
			}
			return os.Symlink("fx", file)
		},
		"a link to its folder": func(dir, _ string) error {
			if err := os.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "e")); err != nil {
				return err
			}
			return os.Symlink("e", filepath.Join(dir, "d"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			file := filepath.Join(dir, "d", "f")
			if err := os.Mkdir(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte("data"), 0o600); err != nil {
				t.Fatal(err)
			}
			w, err := openTree(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer w.close()
			files, err := w.files(100, false)
			if err != nil || len(files) != 1 {
				t.Fatalf("files = %v, %v", files, err)
			}
			if err := change(dir, file); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := w.copy(&out, files[0]); fault.KindOf(err) != fault.Denied {
				t.Errorf("copy = %v with %q, want Denied", err, out.String())
			}
		})
	}
}

// A file that grows while it is read passes every look at its size.
func TestWhatGrowsWhileItIsReadIsRefused(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "f")
	if err := os.WriteFile(file, []byte("data"), 0o600); err != nil {
		t.Fatal(err)
	}
	w, err := openTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	files, err := w.files(100, false)
	if err != nil {
		t.Fatal(err)
	}
	grow := writer(func([]byte) error { return os.Truncate(file, 9) })
	if err := w.copy(grow, files[0]); fault.KindOf(err) != fault.Denied || err == nil {
		t.Errorf("copy = %v, want Denied", err)
	}
}

type writer func([]byte) error

func (w writer) Write(b []byte) (int, error) { return len(b), w(b) }

func TestAnotherMountIsRefused(t *testing.T) {
	needs.Root(t)
	dir := t.TempDir()
	inner := filepath.Join(dir, "m")
	if err := os.Mkdir(inner, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", inner, "tmpfs", 0, "size=4096"); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(inner, unix.MNT_DETACH)
	w, err := openTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if files, err := w.files(100, false); fault.KindOf(err) != fault.Denied || err == nil {
		t.Errorf("files = %v, %v; want Denied", files, err)
	}
}
