package scratch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/sealing"
)

// hole takes everything and keeps nothing: the entries say what it was given.
type hole struct{}

func (hole) Put(_ context.Context, name string, size int64, body io.Reader, _ object.Condition) (object.Info, error) {
	n, err := io.Copy(io.Discard, body)
	if err == nil && n != size {
		err = fault.New(fault.Invalid, "hole.put", "%d bytes, %d were said", n, size)
	}
	return object.Info{Name: name, Size: n}, err
}

func (hole) Stat(context.Context, string) (object.Info, error) {
	return object.Info{}, fault.New(fault.NotFound, "hole.stat", "nothing is kept")
}
func (hole) Delete(context.Context, object.Info) error { return nil }

func capture(t *testing.T, v *Volume, limit int64) ([]sealed.Entry, error) {
	t.Helper()
	dek, err := secret.Read(bytes.NewReader(make([]byte, sealed.KeySize)), sealed.KeySize)
	if err != nil {
		t.Fatal(err)
	}
	defer dek.Destroy()
	b := &sealing.Batch{Sink: hole{}, Prefix: "out"}
	return b.From(t.Context(), v, limit, dek, func(string) []byte { return nil })
}

func TestWhatWasWrittenIsSealedFromTheVolumeItself(t *testing.T) {
	v := mounted(t, 16<<20, leastMemory)
	big := bytes.Repeat([]byte("0123456789abcdef!"), 200_000) // most of it in the spool
	want := map[string][]byte{"a": nil, "a-b/x": []byte("1"), "d/e/big": big, "d/two": []byte("2"), "d/two again": []byte("2")}
	for path, text := range want {
		full := filepath.Join(v.Dir(), path)
		if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
			t.Fatal(err)
		}
		if path == "d/two again" {
			continue
		}
		if err := os.WriteFile(full, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(filepath.Join(v.Dir(), "d/two"), filepath.Join(v.Dir(), "d/two again")); err != nil {
		t.Fatal(err)
	}
	if _, err := capture(t, v, 1<<30); fault.KindOf(err) != fault.Internal {
		t.Errorf("before Freeze: %v, want Internal", err)
	}
	if err := v.Freeze(); err != nil {
		t.Fatal(err)
	}
	entries, err := capture(t, v, 1<<30)
	if err != nil || len(entries) != len(want) {
		t.Fatalf("%d entries, %v; want %d", len(entries), err, len(want))
	}
	before := ""
	for _, e := range entries {
		text, ok := want[e.Path]
		h := sha256.New()
		h.Write(text)
		if !ok || e.Size != int64(len(text)) || e.SHA256 != digest.FromHash(h) || e.Path <= before {
			t.Errorf("entry %q of %d bytes is not what was written, or not in its place", e.Path, e.Size)
		}
		before = e.Path
	}
	if _, err := capture(t, v, int64(len(big))); fault.KindOf(err) != fault.Denied {
		t.Errorf("more than the limit: %v, want Denied", err)
	}
}

func TestWhatIsNoFileIsNotSealed(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(dir string) error
		want string
	}{
		"a symbolic link":     {func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "l")) }, "is a symbolic link"},
		"a name not in UTF-8": {func(dir string) error { return os.WriteFile(filepath.Join(dir, "\xff"), nil, 0o600) }, "UTF-8"},
		"a folder not in UTF-8": {func(dir string) error {
			return errors.Join(unix.Mkdir(filepath.Join(dir, "\xff"), 0o700))
		}, "UTF-8"},
	} {
		t.Run(name, func(t *testing.T) {
			v := mounted(t, 1<<20, leastMemory)
			if err := tc.make(v.Dir()); err != nil {
				t.Fatal(err)
			}
			if err := v.Freeze(); err != nil {
				t.Fatal(err)
			}
			_, err := capture(t, v, 1<<20)
			var named *sealing.Named
			if fault.KindOf(err) != fault.Denied || !errors.As(err, &named) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("capture = %v, want Denied: %s", err, tc.want)
			}
		})
	}
}
