package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// Folder is a store in a local folder: a volume.Source and a volume.Sink. An
// object's name is its path. No name leads out of it. Its methods may be called
// concurrently.
type Folder struct {
	root *os.Root
	mu   sync.Mutex      // one write becomes visible at a time, so that a condition holds
	tidy map[string]bool // folders without leftovers of writers that died; under mu
}

// OpenFolder opens the folder, and makes it where it is missing.
func OpenFolder(dir string) (*Folder, error) {
	const op = "folder.open"
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	return &Folder{root: root, tidy: map[string]bool{}}, nil
}

// Close ends the use of the folder.
func (f *Folder) Close() error { return f.root.Close() }

// ioError gives an error of the file system its kind.
func ioError(op, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR):
		return fault.New(fault.NotFound, op, "%s: %w", name, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EIO):
		return fault.New(fault.Unavailable, op, "%s: %w", name, err)
	}
	return fault.New(fault.KindOf(err), op, "%s: %w", name, err)
}

// info names a version by what every rewrite of the file changes.
func info(name string, st fs.FileInfo) (object.Info, error) {
	if !st.Mode().IsRegular() {
		return object.Info{}, fault.New(fault.NotFound, "folder.stat", "%s: is not a regular file", name)
	}
	ino := st.Sys().(*syscall.Stat_t).Ino
	return object.Info{Name: name, Size: st.Size(), ETag: fmt.Sprintf(`"%x-%x-%x"`, ino, st.ModTime().UnixNano(), st.Size())}, nil
}

// Stat is of volume.Source and volume.Sink.
func (f *Folder) Stat(_ context.Context, name string) (object.Info, error) {
	st, err := f.root.Lstat(name)
	if err != nil {
		return object.Info{}, ioError("folder.stat", name, err)
	}
	return info(name, st)
}

// open opens exactly the version o.
func (f *Folder) open(o object.Info) (*os.File, error) {
	const op = "folder.open"
	file, err := f.root.OpenFile(o.Name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, ioError(op, o.Name, err)
	}
	st, err := file.Stat()
	if err == nil {
		var now object.Info
		if now, err = info(o.Name, st); err == nil && now.ETag != o.ETag {
			err = fault.New(fault.Tampered, op, "%s: is another version", o.Name)
		}
	}
	if err != nil {
		file.Close()
		return nil, fault.Wrap(op, err)
	}
	return file, nil
}

// ReadRange is of volume.Source.
func (f *Folder) ReadRange(_ context.Context, o object.Info, off int64, p []byte) error {
	file, err := f.open(o)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := file.ReadAt(p, off); err != nil && (err != io.EOF || off+int64(len(p)) > o.Size) {
		return fault.New(fault.Invalid, "folder.read", "%s: no %d bytes at %d: %w", o.Name, len(p), off, err)
	}
	return nil
}

// Put is of volume.Sink. The file gets its name when it is whole and on disk.
func (f *Folder) Put(_ context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	const op = "folder.put"
	reach("make the folder")
	dir := path.Dir(name)
	if err := f.root.MkdirAll(dir, 0o755); err != nil {
		return object.Info{}, ioError(op, name, err)
	}
	if err := f.tidyUp(dir); err != nil {
		return object.Info{}, fault.Wrap(op, err)
	}
	file, tmp, err := f.begin(dir)
	if err != nil {
		return object.Info{}, ioError(op, name, err)
	}
	defer func() {
		file.Close()
		reach("remove the other name")
		f.root.Remove(tmp) // gone already where it was renamed
		reach("go on")
	}()
	if err := write(file, size, body); err != nil {
		return object.Info{}, ioError(op, name, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.publish(tmp, name, c); err != nil {
		return object.Info{}, ioError(op, name, err)
	}
	return f.Stat(context.Background(), name)
}

func write(file *os.File, size int64, body io.Reader) error {
	n, err := io.Copy(file, seen(io.LimitReader(body, size+1)))
	if err == nil && n != size {
		err = fault.New(fault.Invalid, "folder.put", "body is not %d bytes", size)
	}
	if err == nil {
		reach("sync the file")
		err = file.Sync()
	}
	return err
}

// publish gives tmp its name, where the condition holds. It needs mu.
func (f *Folder) publish(tmp, name string, c object.Condition) error {
	denied := fault.New(fault.Denied, "folder.put", "the condition does not hold")
	if !c.Overwrite {
		reach("link")
		err := f.root.Link(tmp, name)
		if errors.Is(err, fs.ErrExist) {
			return denied
		}
		return errors.Join(err, f.sync(path.Dir(name)))
	}
	if c.IfMatch != "" {
		if now, err := f.Stat(context.Background(), name); err != nil || now.ETag != c.IfMatch {
			return denied
		}
	}
	reach("rename")
	return errors.Join(f.root.Rename(tmp, name), f.sync(path.Dir(name)))
}

// sync makes a name last, not only the bytes under it.
func (f *Folder) sync(dir string) error {
	reach("sync the folder")
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// Delete is of volume.Sink.
func (f *Folder) Delete(ctx context.Context, o object.Info) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.Stat(ctx, o.Name)
	if err != nil {
		return err
	}
	if now.ETag != o.ETag {
		return fault.New(fault.Denied, "folder.delete", "%s: is another version", o.Name)
	}
	return ioError("folder.delete", o.Name, f.root.Remove(o.Name))
}

// List yields the objects whose names begin with prefix, in byte order of their names.
func (f *Folder) List(_ context.Context, prefix string) iter.Seq2[object.Info, error] {
	return func(yield func(object.Info, error) bool) { f.list("", prefix, yield) }
}

func (f *Folder) list(folder, prefix string, yield func(object.Info, error) bool) bool {
	names, err := folderNames(f.root, folder)
	if err != nil {
		return yield(object.Info{}, fault.Wrap("folder.list", err))
	}
	for _, name := range names {
		path := folder + name
		below := strings.HasSuffix(name, "/")
		switch {
		case !strings.HasPrefix(path, prefix) && !(below && strings.HasPrefix(prefix, path)), strings.HasPrefix(name, putting):
			continue
		case below:
			if !f.list(path, prefix, yield) {
				return false
			}
			continue
		}
		o, err := f.Stat(context.Background(), path)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			continue // not a regular file, or gone since
		}
		if !yield(o, err) || err != nil {
			return false
		}
	}
	return true
}
