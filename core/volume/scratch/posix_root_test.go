package scratch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Extended attributes are not kept: TestNoExtendedAttributes says how that is answered.
// FcntlFlockLocksFile wants two record locks of one process to meet, against fcntl(2); no file system
// of the kernel does that.
var notOurs = map[string]bool{"XAttr": true, "XAttrLarge": true, "FcntlFlockLocksFile": true}

func TestPOSIX(t *testing.T) {
	for name, test := range posixtest.All {
		if notOurs[name] {
			continue
		}
		t.Run(name, func(t *testing.T) { test(t, mounted(t, 64<<20, leastMemory).Dir()) })
	}
}

func TestNoExtendedAttributes(t *testing.T) {
	dir := mounted(t, 1<<20, leastMemory).Dir()
	if err := unix.Setxattr(dir, "user.a", []byte("b"), 0); err != unix.ENOTSUP {
		t.Errorf("setxattr = %v, want ENOTSUP", err)
	}
	if _, err := unix.Getxattr(dir, "user.a", nil); err != unix.ENOTSUP {
		t.Errorf("getxattr = %v, want ENOTSUP", err)
	}
}

func TestOnlyFilesFoldersAndLinksAreMade(t *testing.T) {
	dir := mounted(t, 1<<20, leastMemory).Dir()
	for name, mode := range map[string]uint32{"pipe": unix.S_IFIFO, "socket": unix.S_IFSOCK, "device": unix.S_IFCHR} {
		if err := unix.Mknod(filepath.Join(dir, name), mode|0o600, 0); err != unix.EPERM {
			t.Errorf("%s: mknod = %v, want EPERM", name, err)
		}
	}
	if err := unix.Mknod(filepath.Join(dir, "file"), unix.S_IFREG|0o600, 0); err != nil {
		t.Error(err)
	}
}

func TestAFullVolumeIsENOSPCAndGoesOn(t *testing.T) {
	dir := mounted(t, 1<<20, leastMemory).Dir()
	f, err := os.Create(filepath.Join(dir, "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n, err := f.Write(make([]byte, 2<<20)); n != 1<<20 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("write = %d, %v; want what fits and ENOSPC", n, err)
	}
	if err := os.Symlink("f", filepath.Join(dir, "l")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("symlink = %v, want ENOSPC", err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil || st.Bavail != 0 || st.Blocks != 256 {
		t.Errorf("statfs: %d of %d free, %v", st.Bavail, st.Blocks, err)
	}
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "g"), make([]byte, 1<<20), 0o600); err != nil {
		t.Errorf("after it was emptied: %v", err)
	}
}

func TestTooManyNamesAreENOSPC(t *testing.T) {
	dir := mounted(t, 64<<10, leastMemory).Dir() // 32 units, the root's included
	made := 0
	var err error
	for err == nil && made < 100 {
		if err = os.WriteFile(filepath.Join(dir, fmt.Sprint(made)), nil, 0o600); err == nil {
			made++
		}
	}
	if made != 31 || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%d files made, then %v; want 31, then ENOSPC", made, err)
	}
	if err := os.Link(filepath.Join(dir, "0"), filepath.Join(dir, "link")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("link = %v, want ENOSPC", err)
	}
	if err := os.Remove(filepath.Join(dir, "1")); err != nil {
		t.Fatal(err)
	}
	for range 3 { // a further name gives its unit back
		if err := os.Link(filepath.Join(dir, "0"), filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(dir, "0")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "link"), filepath.Join(dir, "0")); err != nil {
			t.Fatal(err)
		}
	}
}

func TestManyWritersDoNotMix(t *testing.T) {
	dir := mounted(t, 64<<20, leastMemory).Dir()
	shared, err := os.Create(filepath.Join(dir, "shared"))
	if err != nil {
		t.Fatal(err)
	}
	defer shared.Close()
	const writers, part = 8, 1<<20 + 13
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			p := bytes.Repeat([]byte{byte('a' + i)}, part)
			if _, err := shared.WriteAt(p, int64(i)*part); err != nil {
				t.Error(err)
			}
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), p, 0o600); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	got := make([]byte, writers*part)
	if _, err := shared.ReadAt(got, 0); err != nil {
		t.Fatal(err)
	}
	for i := range writers {
		want := bytes.Repeat([]byte{byte('a' + i)}, part)
		own, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i)))
		if err != nil || !bytes.Equal(own, want) || !bytes.Equal(got[i*part:(i+1)*part], want) {
			t.Errorf("writer %d: what it wrote is not what is read, or %v", i, err)
		}
	}
}

func TestAnUnlinkedFileLivesWhileItIsOpen(t *testing.T) {
	v := mounted(t, 1<<20, leastMemory)
	path := filepath.Join(v.Dir(), "f")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	p := bytes.Repeat([]byte("x"), 1<<20)
	if _, err := f.Write(p); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(f, 0, 2<<20))
	if err != nil || !bytes.Equal(got, p) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := f.Truncate(10); err != nil {
		t.Error(err)
	}
	f.Close()
	if err := v.Freeze(); err != nil { // waits until the kernel has let go
		t.Fatal(err)
	}
	if n := v.used.Load(); n != 0 {
		t.Errorf("%d pages are still counted", n)
	}
}

func TestRenameExchangesOrDoesNotReplace(t *testing.T) {
	dir := mounted(t, 1<<20, leastMemory).Dir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	for path, text := range map[string]string{a: "A", b: "B"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		x, _ := os.ReadFile(a)
		y, _ := os.ReadFile(b)
		return string(x) + string(y)
	}
	if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_NOREPLACE); err != unix.EEXIST || read() != "AB" {
		t.Errorf("NOREPLACE = %v with %q, want EEXIST", err, read())
	}
	if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_EXCHANGE); err != nil || read() != "BA" {
		t.Errorf("EXCHANGE = %v with %q", err, read())
	}
	if err := unix.Renameat2(unix.AT_FDCWD, a, unix.AT_FDCWD, b, unix.RENAME_WHITEOUT); err != unix.EINVAL {
		t.Errorf("WHITEOUT = %v, want EINVAL", err)
	}
	open, err := os.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if err := os.Rename(a, b); err != nil || read() != "B" {
		t.Errorf("rename = %v with %q", err, read())
	}
	if got, err := io.ReadAll(open); err != nil || string(got) != "A" {
		t.Errorf("the replaced file, still open: %q, %v", got, err)
	}
	for _, d := range []string{"d/e", "g"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := unix.Rename(filepath.Join(dir, "g"), filepath.Join(dir, "d")); err != unix.ENOTEMPTY {
		t.Errorf("over a full folder: %v, want ENOTEMPTY", err)
	}
	if err := unix.Rename(filepath.Join(dir, "d"), filepath.Join(dir, "d/e/f")); err != unix.EINVAL {
		t.Errorf("into itself: %v, want EINVAL", err)
	}
}

func TestHolesTakeNoSpaceAndAreFound(t *testing.T) {
	v := mounted(t, 1<<20, leastMemory)
	path := filepath.Join(v.Dir(), "sparse")
	const far = 1 << 30
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("end"), far); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if f, err = os.Open(path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil || st.Size != far+3 || st.Blocks != 8 {
		t.Errorf("size %d, %d blocks, %v", st.Size, st.Blocks, err)
	}
	waitNoWriters(t, v)
	if off, err := f.Seek(0, unix.SEEK_DATA); err != nil || off != far {
		t.Errorf("SEEK_DATA = %d, %v", off, err)
	}
	if off, err := f.Seek(0, unix.SEEK_HOLE); err != nil || off != 0 {
		t.Errorf("SEEK_HOLE = %d, %v", off, err)
	}
	p := make([]byte, 100)
	if _, err := f.ReadAt(p, far/2); err != nil || strings.Trim(string(p), "\x00") != "" {
		t.Errorf("a hole reads %q, %v", p, err)
	}
}

func waitNoWriters(t *testing.T, v *Volume) {
	t.Helper()
	v.mu.Lock()
	wait := v.noWriters
	v.mu.Unlock()
	if wait != nil {
		<-wait
	}
}

func TestAFrozenVolumeTakesNothing(t *testing.T) {
	v := mounted(t, 1<<20, leastMemory)
	path := filepath.Join(v.Dir(), "f")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := v.Freeze(); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Freeze with a writer = %v, want Unavailable", err)
	}
	if _, err := f.Write([]byte("still")); err != nil {
		t.Errorf("after a refused Freeze: %v", err)
	}
	f.Close()
	if err := v.Freeze(); err != nil {
		t.Fatal(err)
	}
	for name, call := range map[string]func() error{
		"write":    func() error { return os.WriteFile(path, nil, 0o600) },
		"create":   func() error { return os.WriteFile(path+"2", nil, 0o600) },
		"mkdir":    func() error { return os.Mkdir(path+"3", 0o700) },
		"symlink":  func() error { return os.Symlink("f", path+"4") },
		"link":     func() error { return os.Link(path, path+"5") },
		"rename":   func() error { return os.Rename(path, path+"6") },
		"remove":   func() error { return os.Remove(path) },
		"truncate": func() error { return os.Truncate(path, 0) },
		"chmod":    func() error { return os.Chmod(path, 0o777) },
	} {
		if err := call(); !errors.Is(err, syscall.EROFS) {
			t.Errorf("%s = %v, want EROFS", name, err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "still" {
		t.Errorf("%q, %v", got, err)
	}
}
