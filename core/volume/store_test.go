package volume_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// The test binary is also a source plugin: a folder's files are its objects. Asked for the
// object lying it puts another server in the place of its data socket, as a hostile plugin
// could, whose answers are changed by the lie that the file of that name holds.
const lying = "lying"

var manifestOfStore = []byte(`{"name": "source/store", "version": "1.0.0",
	"services": ["cleanroom.plugin.control.v1.Control", "cleanroom.plugin.datasource.v1.DataSource"],
	"capabilities": [], "hostServices": [], "tokenAudiences": []}`)

type store struct{ Dir string }

func (*store) Describe() sdk.Description              { return sdk.MustManifest(manifestOfStore) }
func (*store) Validate(config []byte) []sdk.Violation { return sdk.DecodeConfig(config, &store{}) }

func (s *store) Configure(_ context.Context, set sdk.Setup) error {
	if vs := sdk.DecodeConfig(set.Config, s); len(vs) > 0 {
		return sdk.Reject(vs...)
	}
	return nil
}

func (s *store) open(name string) (*os.File, sdk.Info, error) {
	f, err := os.Open(filepath.Join(s.Dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, sdk.Info{}, sdk.Errorf(sdk.NotFound, "store", "%s: %w", name, err)
	} else if err != nil {
		return nil, sdk.Info{}, err
	}
	st, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, sdk.Info{}, err
	}
	return f, sdk.Info{Name: name, Size: st.Size(), ETag: fmt.Sprintf(`"%d-%d"`, st.Sys().(*syscall.Stat_t).Ino, st.ModTime().UnixNano())}, nil
}

func (s *store) Stat(_ context.Context, name string) (sdk.Info, error) {
	if name == lying {
		if err := s.lie(); err != nil {
			return sdk.Info{}, err
		}
		return sdk.Info{Name: name, ETag: "v"}, nil
	}
	f, info, err := s.open(name)
	if err == nil {
		f.Close()
	}
	return info, err
}

func (s *store) List(context.Context, string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {}
}

func (s *store) Open(_ context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	f, info, err := s.open(name)
	if err != nil {
		return nil, info, err
	}
	if etag != object.AnyVersion && etag != info.ETag {
		f.Close()
		return nil, info, sdk.Errorf(sdk.Tampered, "store", "%s: is %s, not %s", name, info.ETag, etag)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(f, off, n), f}, info, nil
}

// lie serves the data socket anew, without the kit's server.
func (s *store) lie() error {
	socket := filepath.Join(os.Getenv("TMPDIR"), "data")
	if err := os.Remove(socket); err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	go http.Serve(l, &liar{store: s})
	return nil
}

// startStore starts the plugin over a folder in memory, and returns both.
func startStore(t testing.TB) (src *plugin.Source, dir string) {
	t.Helper()
	mountable(t)
	sum, err := selfDigest()
	if err != nil {
		t.Fatal(err)
	}
	home, err := os.MkdirTemp("", "store")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	dir = filepath.Join(home, "objects")
	path := filepath.Join(home, "plugin")
	for _, err := range []error{
		os.Chmod(home, 0o711), os.Mkdir(dir, 0o755), os.Symlink("/proc/self/exe", path), os.WriteFile(path+".json", manifestOfStore, 0o644),
		unix.Mount("tmpfs", dir, "tmpfs", 0, "size=2g,mode=0755"),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	const uid = 64001 // of nobody else
	p, err := plugin.Start(t.Context(), plugin.Options{Name: "source/store", Path: path, Checksum: sum, Instance: "north", UID: uid,
		Config: map[string]any{"Dir": dir}, TempDir: home, Simulated: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	if src, err = p.Source(); err != nil {
		t.Fatal(err)
	}
	return src, dir
}

// selfDigest is this binary's, which is large.
var selfDigest = sync.OnceValues(func() (digest.SHA256, error) {
	f, err := os.Open("/proc/self/exe")
	if err != nil {
		return digest.SHA256{}, err
	}
	defer f.Close()
	return digest.OfReader(f)
})

// publish makes the object be now, writing only what differs from was; nil takes it away.
func publish(t testing.TB, path string, now, was []byte) {
	t.Helper()
	if now == nil {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const step = 64 << 10
	for at := 0; at < len(now); at += step {
		part := now[at:min(at+step, len(now))]
		if at+len(part) <= len(was) && string(was[at:at+len(part)]) == string(part) {
			continue
		}
		if _, err := f.WriteAt(part, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(int64(len(now))); err != nil {
		t.Fatal(err)
	}
}

// rangeOf reads "bytes=A-B", which the host always sends so.
func rangeOf(header string) (off, n int64, ok bool) {
	first, last, ok := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	a, errA := strconv.ParseInt(first, 10, 64)
	b, errB := strconv.ParseInt(last, 10, 64)
	return a, b - a + 1, ok && errA == nil && errB == nil
}
