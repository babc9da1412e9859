package volume_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/posixtest"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// posixEntry says what go-fuse's battery can ask of a read-only file system.
type posixEntry struct {
	first string                              // what it does first that writes, so that it must end with EROFS; empty where it only reads
	reads func(t *testing.T, f *posixFixture) // what is left of it without writing; nil if nothing is
}

// posixEntries names every entry of the battery.
var posixEntries = map[string]posixEntry{
	"AppendWrite":                {"creates a file", nil},
	"DirSeek":                    {"makes a folder", readsDirSeek},
	"DirectIO":                   {"creates a file", readsDirect},
	"Fallocate":                  {"creates a file", nil},
	"FallocateKeepSize":          {"creates a file", nil},
	"FcntlFlockLocksFile":        {"creates a file", readsLocks},
	"FcntlFlockSetLk":            {"creates a file", readsLocks},
	"FdLeak":                     {"creates a file", readsLeak},
	"FileBasic":                  {"creates a file", readsBasic},
	"FileLarge":                  {"creates a file", readsLarge},
	"FstatDeleted":               {"creates a file", readsFstat},
	"Link":                       {"creates a file", readsFstat},
	"LinkUnlinkRename":           {"creates a file", nil},
	"LseekEnxioCheck":            {"creates a file", readsSeek},
	"LseekHoleSeeksToEOF":        {"creates a file", readsSeek},
	"MkdirRmdir":                 {"makes a folder", nil},
	"NlinkZero":                  {"creates a file", readsFstat},
	"OpenAt":                     {"makes a folder", readsOpenAt},
	"OpenSymlinkRace":            {"creates a file", nil},
	"ParallelFileOpen":           {"creates a file", readsParallel},
	"ReadDirBasic":               {"creates a file", readsDir},
	"ReadDirConsistency":         {"", nil},
	"RenameOpenDir":              {"makes a folder", nil},
	"RenameOverwriteDestExist":   {"makes a folder", nil},
	"RenameOverwriteDestNoExist": {"makes a folder", nil},
	"SetattrSymlink":             {"makes a link", nil},
	"SymlinkReadlink":            {"makes a link", nil},
	"Tmpfile":                    {"creates a file", nil},
	"TruncateFile":               {"creates a file", nil},
	"TruncateNoFile":             {"creates a file", nil},
	"XAttr":                      {"creates a file", readsXAttr},
	"XAttrLarge":                 {"creates a file", readsXAttr},
}

// Of the process that runs one entry, which may fail there.
const (
	posixName = "VOLUME_TEST_POSIX"
	posixDir  = "VOLUME_TEST_POSIX_DIR"
)

// said is a line that an entry prints of itself.
var said = regexp.MustCompile(`(?m)^\s+\w+\.go:\d+: (.*)$`)

// TestPOSIX runs go-fuse's battery against the mount: an entry that writes must end with
// EROFS and nothing else, and what it reads is read from files that are there already.
func TestPOSIX(t *testing.T) {
	if name := os.Getenv(posixName); name != "" {
		posixtest.All[name](t, os.Getenv(posixDir))
		return
	}
	f := newPOSIXFixture(t)
	for name := range posixEntries {
		if posixtest.All[name] == nil {
			t.Errorf("the battery has no %s any more", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(posixtest.All)) {
		t.Run(name, func(t *testing.T) {
			e, known := posixEntries[name]
			if !known {
				t.Fatalf("%s is new in the battery: say in posixEntries what it asks of a read-only file system", name)
			}
			cmd := exec.Command("/proc/self/exe", "-test.run=^TestPOSIX$", "-test.v", "-test.timeout=1m")
			cmd.Env = append(os.Environ(), posixName+"="+name, posixDir+"="+f.dir)
			out, err := cmd.CombinedOutput()
			if e.first == "" {
				if err != nil || !bytes.Contains(out, []byte("--- PASS: TestPOSIX")) {
					t.Errorf("it fails, though it only reads: %v\n%s", err, out)
				}
				return
			}
			if err == nil || !bytes.Contains(out, []byte("--- FAIL: TestPOSIX")) {
				t.Errorf("it %s, and that was not refused: %v\n%s", e.first, err, out)
			}
			lines := said.FindAllSubmatch(out, -1)
			for _, l := range lines {
				if !bytes.HasSuffix(l[1], []byte(syscall.EROFS.Error())) {
					t.Errorf("it ends with %q, want %q", l[1], syscall.EROFS.Error())
				}
			}
			if len(lines) == 0 {
				t.Errorf("it does not say why it failed:\n%s", out)
			}
			if e.reads == nil {
				t.Logf("%s, which is refused with EROFS; it reads nothing that was there before", e.first)
				return
			}
			t.Logf("%s, which is refused with EROFS; what it reads is read here", e.first)
			e.reads(t, f)
		})
	}
	if err := f.m.Err(); err != nil {
		t.Errorf("the mount failed: %v", err)
	}
}

// posixFixture is a mount with what the entries would have written.
type posixFixture struct {
	dir   string
	m     *volume.Mounted
	files map[string][]byte
}

func newPOSIXFixture(t *testing.T) *posixFixture {
	f := &posixFixture{files: map[string][]byte{
		"file": []byte("hello world"), "large": volumetest.Bytes(128<<10+123, 1), "pages": volumetest.Bytes(12<<10, 2),
	}}
	for i := range 168 {
		f.files[fmt.Sprintf("seek/%d", i+1)] = []byte{1}
	}
	for i := range 110 {
		f.files[fmt.Sprintf("names/file%036x", i)] = []byte("hello")
	}
	f.dir, f.m = mounted(t, &volumetest.Store{}, f.files, volume.Options{})
	return f
}

func (f *posixFixture) path(name string) string { return filepath.Join(f.dir, name) }

func (f *posixFixture) open(t *testing.T, name string) *os.File {
	t.Helper()
	file, err := os.Open(f.path(name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	return file
}

func readsBasic(t *testing.T, f *posixFixture) {
	file := f.open(t, "file")
	got, err := os.ReadFile(f.path("file"))
	if err != nil || !bytes.Equal(got, f.files["file"]) {
		t.Errorf("ReadFile = %q, %v", got, err)
	}
	if st, err := file.Stat(); err != nil || st.Size() != int64(len(got)) || !st.Mode().IsRegular() || st.Mode().Perm() != 0o400 {
		t.Errorf("fstat = %v, %v", st, err)
	}
}

func readsLarge(t *testing.T, f *posixFixture) {
	file, want := f.open(t, "large"), f.files["large"]
	buf := make([]byte, len(want)+1000)
	if n, err := file.ReadAt(buf, 0); n != len(want) || err == nil || !bytes.Equal(buf[:n], want) {
		t.Errorf("a read over the end = %d bytes, %v; want %d", n, err, len(want))
	}
	const off, size = 4103, 64<<10 + 5
	if n, err := file.ReadAt(buf[:size], off); err != nil || !bytes.Equal(buf[:n], want[off:off+size]) {
		t.Errorf("a read in the middle = %d bytes, %v", n, err)
	}
	if n, err := unix.Pread(int(file.Fd()), buf, int64(len(want))); n != 0 || err != nil {
		t.Errorf("a read at the end = %d, %v; want 0", n, err)
	}
}

func readsDirect(t *testing.T, f *posixFixture) {
	if got, want := helper(t, "direct", f.path("pages")), sum(f.files["pages"]); got != want {
		t.Errorf("O_DIRECT reads %s, want %s", got, want)
	}
}

func readsSeek(t *testing.T, f *posixFixture) {
	fd, size := int(f.open(t, "large").Fd()), int64(len(f.files["large"]))
	for name, tc := range map[string]struct {
		off    int64
		whence int
		want   int64
		err    error
	}{
		"the hole after the data is the end": {size / 2, unix.SEEK_HOLE, size, nil},
		"data is everywhere":                 {size / 2, unix.SEEK_DATA, size / 2, nil},
		"no data at the end":                 {size, unix.SEEK_DATA, 0, syscall.ENXIO},
		"no data past the end":               {size + 1, unix.SEEK_DATA, 0, syscall.ENXIO},
		"no hole past the end":               {size + 1, unix.SEEK_HOLE, 0, syscall.ENXIO},
	} {
		if got, err := unix.Seek(fd, tc.off, tc.whence); err != tc.err || err == nil && got != tc.want {
			t.Errorf("%s: %d, %v; want %d, %v", name, got, err, tc.want, tc.err)
		}
	}
}

// readsDirSeek goes back to each entry of a folder.
func readsDirSeek(t *testing.T, f *posixFixture) {
	fd := int(f.open(t, "seek").Fd())
	type place struct {
		off  int64 // where it begins
		name string
	}
	var places []place
	next := func() (off int64, name string, ok bool) { // one record of getdents64(2)
		buf := make([]byte, 32) // holds one short name, not two
		n, err := unix.Getdents(fd, buf)
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return 0, "", false
		}
		off = int64(binary.NativeEndian.Uint64(buf[8:]))
		return off, string(buf[19 : 19+bytes.IndexByte(buf[19:], 0)]), true
	}
	for at := int64(0); ; {
		off, name, ok := next()
		if !ok {
			break
		}
		places = append(places, place{at, name})
		at = off
	}
	if len(places) != 168 && len(places) != 170 { // with . and ..
		t.Fatalf("%d entries, want 168", len(places))
	}
	for _, p := range slices.Backward(places) {
		if _, err := unix.Seek(fd, p.off, unix.SEEK_SET); err != nil {
			t.Fatal(err)
		}
		if _, name, _ := next(); name != p.name {
			t.Errorf("at %d is %q, was %q", p.off, name, p.name)
		}
	}
}

func readsDir(t *testing.T, f *posixFixture) {
	var want []string
	for name := range f.files {
		if rest, ok := strings.CutPrefix(name, "names/"); ok {
			want = append(want, rest)
		}
	}
	slices.Sort(want)
	got, err := f.open(t, "names").Readdirnames(-1)
	slices.Sort(got)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d names, %v; want %d", len(got), err, len(want))
	}
}

func readsFstat(t *testing.T, f *posixFixture) {
	for i := range 168 {
		name := fmt.Sprintf("seek/%d", i+1)
		var byPath, byFile unix.Stat_t
		if err := unix.Stat(f.path(name), &byPath); err != nil {
			t.Fatal(err)
		}
		if err := unix.Fstat(int(f.open(t, name).Fd()), &byFile); err != nil || byPath != byFile || byFile.Nlink != 1 {
			t.Errorf("%s: fstat = %+v, %v; stat %+v", name, byFile, err, byPath)
		}
	}
}

func readsOpenAt(t *testing.T, f *posixFixture) {
	fd, err := unix.Openat(int(f.open(t, "seek").Fd()), "7", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
}

func readsLeak(t *testing.T, f *posixFixture) {
	for range 100 {
		if _, err := os.ReadFile(f.path("file")); err != nil {
			t.Fatal(err)
		}
	}
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if to, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.HasPrefix(to, f.dir+"/file") {
			t.Errorf("descriptor %s of the file is still open", e.Name())
		}
	}
}

func readsParallel(t *testing.T, f *posixFixture) {
	errs := make(chan error)
	const many = 32
	for range many {
		go func() {
			got, err := os.ReadFile(f.path("large"))
			if err == nil && !bytes.Equal(got, f.files["large"]) {
				err = fmt.Errorf("%d other bytes", len(got))
			}
			errs <- err
		}()
	}
	for range many {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

// readsLocks locks as who may only read can: POSIX read locks, and flock(2), which asks for no mode.
func readsLocks(t *testing.T, f *posixFixture) {
	a, b := f.open(t, "file"), f.open(t, "file")
	for _, file := range []*os.File{a, b} {
		if err := unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_RDLCK}); err != nil {
			t.Errorf("a read lock: %v", err)
		}
	}
	if err := unix.FcntlFlock(a.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != syscall.EBADF {
		t.Errorf("a write lock gives %v, want EBADF", err)
	}
	if err := unix.Flock(int(a.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		t.Errorf("flock: %v", err)
	}
	if err := unix.Flock(int(b.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != syscall.EWOULDBLOCK {
		t.Errorf("a second flock gives %v, want EWOULDBLOCK", err)
	}
}

func readsXAttr(t *testing.T, f *posixFixture) {
	if n, err := unix.Getxattr(f.path("file"), "user.x", make([]byte, 10)); err != syscall.ENOTSUP {
		t.Errorf("getxattr = %d, %v; want ENOTSUP", n, err)
	}
	if n, err := unix.Listxattr(f.path("file"), nil); n > 0 || err != nil && err != syscall.ENOTSUP {
		t.Errorf("listxattr = %d, %v; want none", n, err)
	}
}
