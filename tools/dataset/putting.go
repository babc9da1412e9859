package dataset

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path"
	"strings"
	"syscall"
)

// putting begins the name of a file that is not whole yet. Its writer holds a lock on it, so what
// is not locked is of a writer that died.
const putting = ".putting-"

// begin makes a file that is not whole yet, and locks it until it is closed.
func (f *Folder) begin(dir string) (*os.File, string, error) {
	for {
		suffix := make([]byte, 8)
		if _, err := rand.Read(suffix); err != nil {
			return nil, "", err
		}
		tmp := path.Join(dir, putting+hex.EncodeToString(suffix))
		reach("create")
		file, err := f.root.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, "", err
		}
		reach("lock")
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil {
			var st syscall.Stat_t
			if err = syscall.Fstat(int(file.Fd()), &st); err == nil && st.Nlink > 0 {
				return file, tmp, nil
			}
		}
		file.Close()
		if err != nil {
			f.root.Remove(tmp)
			return nil, "", err
		}
		// Another tidied up between create and lock.
	}
}

// tidyUp removes from one folder what writers that died have left, once for each folder.
func (f *Folder) tidyUp(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tidy[dir] {
		return nil
	}
	folder := dir + "/"
	if dir == "." {
		folder = ""
	}
	names, err := folderNames(f.root, folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, putting) {
			continue
		}
		left := path.Join(dir, name)
		file, err := f.root.OpenFile(left, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
		if err != nil {
			continue // gone since, or nothing that Put makes
		}
		if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			f.root.Remove(left)
		}
		file.Close()
	}
	f.tidy[dir] = true
	return nil
}
