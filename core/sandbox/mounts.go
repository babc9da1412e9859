package sandbox

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const resolvConf = "/etc/resolv.conf"

// tmpfs are the places that can be written in a room. /run has no noexec: the
// unpacked image lies there.
var tmpfs = []struct {
	path     string
	mode     uint32
	flags    uintptr
	required bool
}{
	{"/run", 0o755, unix.MS_NOSUID | unix.MS_NODEV, true},
	{"/tmp", 0o1777, unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, true},
	{"/var/tmp", 0o1777, unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, false},
	{"/dev/shm", 0o1777, unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, false},
}

// mounts builds the room's mount namespace. It is only called by init, in a
// namespace of its own: what was bound is taken before anything is covered.
func (o Options) mounts() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return failed("making mounts private", err)
	}
	taken, err := o.take()
	if err != nil {
		return err
	}
	resolv := coveredResolv()
	if err := readOnlyRoot(); err != nil {
		return err
	}
	// hidepid: a plugin under its own uid does not see what others run.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "hidepid=2"); err != nil {
		return failed("mounting /proc", err)
	}
	for _, t := range tmpfs {
		size := o.TmpSize
		if t.path == "/run" {
			size = o.RunSize
		}
		if err := o.mountTmpfs(t.path, t.mode, t.flags, size); err != nil && (t.required || !errors.Is(err, unix.ENOENT)) {
			return err
		}
	}
	for i, b := range o.Bind {
		if err := taken[i].place(b); err != nil {
			return err
		}
	}
	if resolv != nil {
		if err := resolv.restore(); err != nil {
			return failed("restoring "+resolvConf, err)
		}
	}
	return os.Chdir("/") // the old working folder may lie under what is covered
}

// mountTmpfs covers path with a tmpfs that no swap device ever sees.
func (o Options) mountTmpfs(path string, mode uint32, flags uintptr, size int64) error {
	data := fmt.Sprintf("size=%d,mode=%o", size, mode)
	err := unix.Mount("tmpfs", path, "tmpfs", flags, data+",noswap") // Linux 6.4
	if errors.Is(err, unix.EINVAL) {
		if used, err := swapInUse(); err != nil || used && !o.AllowSwap {
			return fault.New(fault.Unavailable, opEnter, "%s could be swapped to disk: run `swapoff -a`, or Linux 6.4 or newer", path)
		}
		err = unix.Mount("tmpfs", path, "tmpfs", flags, data)
	}
	if err != nil {
		return failed("mounting a tmpfs at "+path, err)
	}
	return nil
}

func swapInUse() (bool, error) {
	b, err := os.ReadFile("/proc/swaps")
	if os.IsNotExist(err) { // a kernel without swap
		return false, nil
	}
	return strings.Count(string(b), "\n") > 1, err // the first line is a heading
}

// tree is a mount that is taken and has no place yet.
type tree struct {
	fd  int
	dir bool
}

func (o Options) take() ([]tree, error) {
	var taken []tree
	for _, b := range o.Bind {
		fd, err := unix.OpenTree(unix.AT_FDCWD, b.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err != nil {
			return nil, fault.New(kindOf(err), opEnter, "bind %s: %s: %w", b.Name, b.Source, err)
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return nil, failed("bind "+b.Name, err)
		}
		taken = append(taken, tree{fd, st.Mode&unix.S_IFMT == unix.S_IFDIR})
	}
	return taken, nil
}

func (t tree) place(b Bind) error {
	at := b.Path()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return failed("bind "+b.Name, err)
	}
	var err error
	if t.dir {
		err = os.Mkdir(at, 0o700)
	} else {
		err = os.WriteFile(at, nil, 0o600)
	}
	if err != nil {
		return failed("bind "+b.Name, err)
	}
	attr := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV}
	if b.Writable {
		attr.Attr_clr = unix.MOUNT_ATTR_RDONLY
	} else {
		attr.Attr_set |= unix.MOUNT_ATTR_RDONLY
	}
	if err := unix.MountSetattr(t.fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &attr); err != nil {
		return failed("bind "+b.Name, err)
	}
	if err := unix.MoveMount(t.fd, "", unix.AT_FDCWD, at, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return failed("bind "+b.Name, err)
	}
	return unix.Close(t.fd)
}

// readOnlyRoot makes every mount read-only, so that nothing plain can reach a
// disk, but leaves /dev and /sys as they were: devices and cgroups are written.
func readOnlyRoot() error {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return failed("reading mounts", err)
	}
	ro := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &ro); err != nil {
		return failed("making the host's files read-only (Linux 5.12 is needed)", err)
	}
	rw := unix.MountAttr{Attr_clr: unix.MOUNT_ATTR_RDONLY}
	for _, at := range writableMounts(string(mounts)) {
		if !under(at, "/dev") && !under(at, "/sys") {
			continue
		}
		// ENOENT and EINVAL are of a mount that another one covers: nobody reaches it.
		err := unix.MountSetattr(unix.AT_FDCWD, at, 0, &rw)
		if err != nil && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EINVAL) {
			return failed("making "+at+" writable", err)
		}
	}
	// On a host whose /dev is part of its root file system /dev stays read-only:
	// its nodes can still be opened for writing.
	return nil
}

// writableMounts returns the mount points of mountinfo (proc(5)) that are not
// read-only as mounts.
func writableMounts(mountinfo string) []string {
	var at []string
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) > 5 && !strings.HasPrefix(f[5]+",", "ro,") {
			at = append(at, unescape(f[4]))
		}
	}
	return at
}

// unescape undoes the octal escapes of mountinfo.
func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) {
			if n, err := strconv.ParseUint(s[i+1:i+4], 8, 8); err == nil {
				b.WriteByte(byte(n))
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func failed(what string, err error) error {
	return fault.New(kindOf(err), opEnter, "%s: %w", what, err)
}

func kindOf(err error) fault.Kind {
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ENOTDIR) {
		return fault.NotFound
	}
	return fault.Unavailable
}
