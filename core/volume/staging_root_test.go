package volume_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func newStaging(t *testing.T, size int64) *volume.Staging {
	t.Helper()
	needs.Root(t)
	s, err := volume.NewStaging(t.TempDir(), size, 1234, 5678)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStagingHasASizeAndNoMore(t *testing.T) {
	s := newStaging(t, 1<<20)
	if err := os.WriteFile(filepath.Join(s.Dir(), "a"), make([]byte, 2<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("2 MiB into 1 MiB: %v, want ENOSPC", err)
	}
	var err error
	for i := 0; i < 10_000 && err == nil; i++ {
		err = os.WriteFile(filepath.Join(s.Dir(), string(rune('0'+i%10))+string(rune('a'+i/10))), nil, 0o600)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("empty files without end: %v, want ENOSPC", err)
	}
}

func TestStagingIsPrivateAndHarmless(t *testing.T) {
	s := newStaging(t, 1<<20)
	var st unix.Stat_t
	if err := unix.Stat(s.Dir(), &st); err != nil || st.Uid != 1234 || st.Gid != 5678 || st.Mode&0o7777 != 0o700 {
		t.Errorf("stat = %+v, %v", st, err)
	}
	var fs unix.Statfs_t
	want := int64(unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC)
	if err := unix.Statfs(s.Dir(), &fs); err != nil || fs.Type != unix.TMPFS_MAGIC || fs.Flags&want != want {
		t.Errorf("statfs = %+v, %v", fs, err)
	}
}

func TestDevicesAndMountsDoNotLeave(t *testing.T) {
	needs.Root(t)
	for name, leave := range map[string]func(t *testing.T, dir string) error{
		"a device": func(t *testing.T, dir string) error {
			return unix.Mknod(filepath.Join(dir, "d"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 5)))
		},
		"another mount": func(t *testing.T, dir string) error {
			m := filepath.Join(dir, "m")
			if err := os.Mkdir(m, 0o755); err != nil {
				return err
			}
			t.Cleanup(func() { unix.Unmount(m, unix.MNT_DETACH) })
			// Its own tmpfs and nothing of the machine's: the test's folder is removed with all below it.
			if err := unix.Mount("none", m, "tmpfs", 0, "size=64k"); err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(m, "f"), []byte("x"), 0o644)
		},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			dir, s := t.TempDir(), &volumetest.Store{}
			if err := leave(t, dir); err != nil {
				t.Fatal(err)
			}
			o, _ := outputOf(t, dir, s)
			if c, err := commit(t, o); fault.KindOf(err) != fault.Denied || err == nil {
				t.Errorf("Commit = %+v, %v; want Denied", c, err)
			}
			if left := s.Names(); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestStagingToOutput(t *testing.T) {
	vol := newStaging(t, 8<<20)
	plain := volumetest.Bytes(3<<20, 1)
	if err := os.WriteFile(filepath.Join(vol.Dir(), "a"), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(vol.Dir(), "a"), filepath.Join(vol.Dir(), "hard")); err != nil {
		t.Fatal(err)
	}
	s := &volumetest.Store{}
	o, private := outputOf(t, vol.Dir(), s)
	c, err := commit(t, o)
	if err != nil {
		t.Fatal(err)
	}
	got := openOutput(t, s, c, private)
	if len(got) != 2 || string(got["a"]) != string(plain) || string(got["hard"]) != string(plain) {
		t.Errorf("%d files came back, or differ", len(got))
	}
}
