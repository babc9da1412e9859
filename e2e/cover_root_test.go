package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// ours are the folders that a run may write to. Each is covered with an empty
// file system in memory, so that whatever is found there is ours.
var ours = []string{"/tmp", "/var/tmp", "/run", "/dev/shm"}

// tree is one path that stays visible, taken before anything is covered.
type tree struct {
	fd   int
	path string
	dir  bool
	rw   bool
}

// cover covers those folders and makes all else read-only but devices and
// cgroups: a run that wrote anywhere else would fail. What the test needs may
// lie anywhere, also in what is covered, and keeps its place.
func cover() error {
	var kept []tree
	for path, rw := range needed() {
		fd, err := unix.OpenTree(unix.AT_FDCWD, path, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err != nil {
			return &fs.PathError{Op: "open_tree", Path: path, Err: err}
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		kept = append(kept, tree{fd, path, st.Mode&unix.S_IFMT == unix.S_IFDIR, rw})
	}
	slices.SortFunc(kept, func(a, b tree) int { return strings.Compare(a.path, b.path) }) // outer ones first
	if err := readOnly(); err != nil {
		return err
	}
	for _, dir := range ours {
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=1777"); err != nil && !errors.Is(err, unix.ENOENT) {
			return &fs.PathError{Op: "mount", Path: dir, Err: err}
		}
	}
	for _, t := range kept {
		if err := t.place(); err != nil {
			return &fs.PathError{Op: "keep", Path: t.path, Err: err}
		}
	}
	return os.Setenv("TMPDIR", "/tmp")
}

// readOnly makes every mount read-only except those under /dev and /sys.
func readOnly() error {
	var rw []int
	for _, dir := range []string{"/dev", "/sys"} {
		fd, err := unix.OpenTree(unix.AT_FDCWD, dir, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
		if err != nil {
			return err
		}
		rw = append(rw, fd)
	}
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
		return err
	}
	for n, dir := range []string{"/dev", "/sys"} {
		if err := unix.MoveMount(rw[n], "", unix.AT_FDCWD, dir, unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
			return err
		}
		unix.Close(rw[n])
	}
	return nil
}

// place puts a kept tree back where it was.
func (t tree) place() (err error) {
	defer unix.Close(t.fd)
	if !t.rw {
		if err := unix.MountSetattr(t.fd, "", unix.AT_EMPTY_PATH|unix.AT_RECURSIVE, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}); err != nil {
			return err
		}
	}
	if _, err := os.Lstat(t.path); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(t.path), 0o755); err != nil {
			return err
		}
		if t.dir {
			err = os.Mkdir(t.path, 0o755)
		} else {
			err = os.WriteFile(t.path, nil, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return unix.MoveMount(t.fd, "", unix.AT_FDCWD, t.path, unix.MOVE_MOUNT_F_EMPTY_PATH)
}

// needed lists the paths to keep, and whether they are written to: what the
// arguments name (the test binary's own flags: logs and profiles), and of what
// is covered that which the working folder or the environment names.
func needed() map[string]bool {
	paths := map[string]bool{}
	keep := func(path string, rw bool) {
		if !filepath.IsAbs(path) {
			return
		}
		for _, p := range []string{filepath.Clean(path), resolved(path)} {
			for _, dir := range ours {
				// The whole of what lies in the covered folder: links within it hold.
				if rest, ok := strings.CutPrefix(p, dir+"/"); ok {
					first, _, _ := strings.Cut(rest, "/")
					p = filepath.Join(dir, first)
				}
			}
			covered := slices.Contains(ours, filepath.Dir(p))
			if _, err := os.Lstat(p); err == nil && p != "/" && !slices.Contains(ours, p) && (rw || covered) {
				paths[p] = paths[p] || rw
			}
		}
	}
	for _, a := range os.Args[1:] {
		_, v, _ := strings.Cut(a, "=")
		keep(v, true)
		keep(filepath.Dir(v), true) // a file that does not exist yet
	}
	for _, v := range os.Environ() {
		_, v, _ = strings.Cut(v, "=")
		for _, p := range filepath.SplitList(v) {
			keep(p, false)
		}
	}
	if cwd, err := os.Getwd(); err == nil {
		keep(cwd, false)
	}
	return paths
}

func resolved(path string) string {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		return p
	}
	return filepath.Clean(path)
}
