package volume_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func mountable(t testing.TB) {
	t.Helper()
	needs.Root(t)
	needs.Device(t, "/dev/fuse")
}

// mounted seals the files into s and mounts them; the mount ends with the test.
func mounted(t testing.TB, s *volumetest.Store, files map[string][]byte, o volume.Options) (string, *volume.Mounted) {
	t.Helper()
	dek := volumetest.Key(t, 1)
	return mountDataset(t, volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, s, dek, 1, files), Source: s, DEK: dek}, o)
}

func mountDataset(t testing.TB, ds volume.Dataset, o volume.Options) (string, *volume.Mounted) {
	t.Helper()
	mountable(t)
	dir := t.TempDir()
	p, end := permit.Issue("data.present", "north")
	defer end()
	m, err := volume.Mount(t.Context(), p, dir, ds, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, m
}

func TestFilesAreReadAsTheyWereSealed(t *testing.T) {
	mountable(t)
	long := strings.Repeat("ü", 127) + "x" // 255 bytes
	files := map[string][]byte{
		"empty": nil, "one": {1}, "edge": volumetest.Bytes(65_480, 1), "big": volumetest.Bytes(8<<20+7, 2),
		"a/b/c/d/e/f": []byte("deep"), "a-b/x": []byte("1"), "a/b.txt": []byte("2"), "a b\nc": []byte("3"), long: []byte("4"),
	}
	dir, m := mounted(t, &volumetest.Store{}, files, volume.Options{UID: 1234, GID: 5678})
	for path, want := range files {
		got, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %d bytes, %v; want %d", path, len(got), err, len(want))
		}
		if path == "one" || path == "big" {
			for _, role := range []string{"mmap", "sendfile", "direct"} {
				if got := helper(t, role, filepath.Join(dir, path)); got != sum(want) {
					t.Errorf("%q by %s: %s, want %s", path, role, got, sum(want))
				}
			}
		}
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, path), &st); err != nil || st.Size != int64(len(want)) || st.Uid != 1234 || st.Gid != 5678 || st.Mode != unix.S_IFREG|0o400 {
			t.Errorf("%q: stat = %+v, %v", path, st, err)
		}
	}
	found := map[string]bool{}
	if err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found[strings.TrimPrefix(path, dir+"/")] = true
		}
		return err
	}); err != nil || len(found) != len(files) {
		t.Errorf("a walk found %v, %v", found, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a/none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	select {
	case err := <-m.Failed():
		t.Errorf("Failed gave %v", err)
	default:
	}
}

// Plugins share the room's mount namespace, each under a user of its own, and reach
// the network: what they could open could leave.
func TestOnlyTheApplicationsUserCanRead(t *testing.T) {
	dir, _ := mounted(t, &volumetest.Store{}, map[string][]byte{"a/b": []byte("x")}, volume.Options{UID: 1234, GID: 1234})
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil { // so that the mount itself must refuse
		t.Fatal(err)
	}
	read := func(uid uint32) string {
		cmd := exec.Command("cat", filepath.Join(dir, "a/b"))
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, _ := cmd.Output()
		return string(out)
	}
	if got := read(1234); got != "x" {
		t.Errorf("the application's user reads %q, want %q", got, "x")
	}
	if got := read(64001); got != "" {
		t.Errorf("another user reads %q", got)
	}
	list := exec.Command("ls", dir)
	list.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 64001, Gid: 64001}}
	if out, err := list.Output(); err == nil {
		t.Errorf("another user lists %q", out)
	}
}

func TestNothingCanBeWritten(t *testing.T) {
	dir, _ := mounted(t, &volumetest.Store{}, map[string][]byte{"a/b": []byte("x")}, volume.Options{})
	file := filepath.Join(dir, "a/b")
	for name, err := range map[string]error{
		"write":    os.WriteFile(file, nil, 0o644),
		"create":   os.WriteFile(filepath.Join(dir, "new"), nil, 0o644),
		"remove":   os.Remove(file),
		"rename":   os.Rename(file, file+"2"),
		"mkdir":    os.Mkdir(filepath.Join(dir, "d"), 0o755),
		"chmod":    os.Chmod(file, 0o777),
		"truncate": os.Truncate(file, 0),
		"symlink":  os.Symlink("x", filepath.Join(dir, "l")),
		"xattr":    unix.Setxattr(file, "user.x", []byte("1"), 0),
	} {
		if !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s: %v, want EROFS", name, err)
		}
	}
	// Also where the mount point itself is writable: the superblock is not.
	other := t.TempDir()
	if err := unix.Mount(dir, other, "", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(other, unix.MNT_DETACH)
	if err := unix.Mount("", other, "", unix.MS_REMOUNT|unix.MS_BIND, ""); err != nil { // clears its ro
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "new"), nil, 0o644); !errors.Is(err, syscall.EROFS) {
		t.Errorf("write through a writable bind mount: %v, want EROFS", err)
	}
}

func TestManyReadersOfOneFile(t *testing.T) {
	plain := volumetest.Bytes(24<<20, 1)
	dir, m := mounted(t, &volumetest.Store{}, map[string][]byte{"big": plain}, volume.Options{CacheBytes: 8 << 20})
	f, err := os.Open(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			p := make([]byte, 300_000)
			for off := g * 100_000; off < len(plain); off += 8 * 100_000 {
				n, _ := f.ReadAt(p, int64(off))
				if !bytes.Equal(p[:n], plain[off:min(off+len(p), len(plain))]) {
					t.Errorf("ReadAt(%d) differs", off)
				}
			}
		})
	}
	wg.Wait()
	if m.Stats().Fetched == 0 {
		t.Error("Stats counts nothing")
	}
}

func TestALargeFolder(t *testing.T) {
	files := map[string][]byte{}
	var names []string
	for i := range 3000 {
		name := fmt.Sprintf("f%04d", i)
		files["d/"+name], names = []byte{byte(i), 1}, append(names, name)
	}
	s := &volumetest.Store{}
	dir, m := mounted(t, s, files, volume.Options{})
	list, err := os.ReadDir(filepath.Join(dir, "d"))
	var got []string
	for _, e := range list {
		got = append(got, e.Name())
	}
	if err != nil || !slices.Equal(got, names) {
		t.Errorf("ReadDir = %d names, %v", len(got), err)
	}
	for _, e := range list {
		if i, err := e.Info(); err != nil || i.Size() != 2 {
			t.Errorf("stat %s: %v, %v", e.Name(), i, err)
		}
	}
	if n := m.Stats().Requests; n != 0 {
		t.Errorf("listing and stat asked the store %d times", n)
	}
}

func TestAChangedBlobStopsTheMount(t *testing.T) {
	s := &volumetest.Store{}
	plain := volumetest.Bytes(5<<20, 1)
	dir, m := mounted(t, s, map[string][]byte{"a": plain, "b": []byte("good")}, volume.Options{})
	if _, err := os.ReadFile(filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	s.Corrupt("blob-0", func(b []byte) []byte { b[3<<20] ^= 1; return b })
	got, err := os.ReadFile(filepath.Join(dir, "a"))
	if !errors.Is(err, syscall.EIO) || !bytes.HasPrefix(plain, got) {
		t.Errorf("ReadFile = %d bytes, %v; want EIO and no wrong byte", len(got), err)
	}
	if err := <-m.Failed(); fault.KindOf(err) != fault.Tampered {
		t.Errorf("Failed = %v, want Tampered", err)
	}
	wantEIO(t, filepath.Join(dir, "b"))
}

// wantEIO waits until the kernel has forgotten what it kept of the file.
func wantEIO(t *testing.T, path string) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		_, err := os.ReadFile(path)
		if errors.Is(err, syscall.EIO) {
			return
		}
		if time.Now().After(deadline) {
			t.Errorf("after the fault, reading another file gives %v, want EIO", err)
			return
		}
	}
}

func TestAStoreThatStaysAwayStopsTheMount(t *testing.T) {
	var gone atomic.Bool
	s := &volumetest.Store{OnRead: func(context.Context, object.Info, int64, []byte) error {
		if gone.Load() {
			return fault.New(fault.Unavailable, "store", "connection refused")
		}
		return nil
	}}
	defer volume.Hurry()()
	dir, m := mounted(t, s, map[string][]byte{"a": volumetest.Bytes(1<<20, 1)}, volume.Options{})
	gone.Store(true)
	if _, err := os.ReadFile(filepath.Join(dir, "a")); !errors.Is(err, syscall.EIO) {
		t.Errorf("ReadFile = %v, want EIO", err)
	}
	if err := <-m.Failed(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Failed = %v, want Unavailable", err)
	}
	if n := m.Stats().Retries; n == 0 {
		t.Error("it was not asked again")
	}
}

func TestCloseWhileAProcessHoldsAFile(t *testing.T) {
	dir, m := mounted(t, &volumetest.Store{}, map[string][]byte{"a": volumetest.Bytes(1<<20, 1)}, volume.Options{})
	cmd := exec.Command("/proc/self/exe", filepath.Join(dir, "a"))
	cmd.Env = []string{helperRole + "=hold"}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer in.Close()
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		t.Fatalf("helper said %q", lines.Text())
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	fmt.Fprintln(in)
	if !lines.Scan() || lines.Text() == "read: <nil>" {
		t.Errorf("after Close a held file gives %q", lines.Text())
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("after Close the folder holds %v, %v", list, err)
	}
}

func TestChildrenDoNotInheritTheDevice(t *testing.T) {
	mounted(t, &volumetest.Store{}, map[string][]byte{"a": {1}}, volume.Options{})
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, e := range list {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil || target != "/dev/fuse" {
			continue
		}
		found = true
		var fd int
		fmt.Sscan(e.Name(), &fd)
		if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
			t.Errorf("descriptor %d of /dev/fuse is inherited by children (%v)", fd, err)
		}
	}
	if !found {
		t.Error("no descriptor of /dev/fuse found")
	}
}

func TestMountRefusals(t *testing.T) {
	mountable(t)
	dek := volumetest.Key(t, 1)
	s := &volumetest.Store{}
	good := volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, s, dek, 1, nil), Source: s, DEK: dek}
	p, end := permit.Issue("data.present", "north")
	defer end()
	other, end2 := permit.Issue("data.present", "south")
	defer end2()
	noKey, noManifest := good, good
	noKey.DEK, noManifest.Manifest = nil, nil
	for name, tc := range map[string]struct {
		p    permit.Permit
		dir  string
		ds   volume.Dataset
		want fault.Kind
	}{
		"no permit":                {permit.Permit{}, t.TempDir(), good, fault.Denied},
		"a permit of another name": {other, t.TempDir(), good, fault.Denied},
		"no key":                   {p, t.TempDir(), noKey, fault.Invalid},
		"no manifest":              {p, t.TempDir(), noManifest, fault.Invalid},
		"no folder":                {p, "/no/such/folder", good, fault.Internal},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			m, err := volume.Mount(t.Context(), tc.p, tc.dir, tc.ds, volume.Options{})
			if err == nil {
				m.Close()
			}
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("Mount = %v (%v), want %v", err, fault.KindOf(err), tc.want)
			}
		})
	}
}
