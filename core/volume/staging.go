package volume

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Staging is the private volume that the application writes to: memory of the
// room with full POSIX behaviour, and ENOSPC beyond its size. Its methods may be
// called concurrently.
type Staging struct {
	dir  string
	once sync.Once
	err  error
}

// inodeBytes is the share of a staging volume's size that allows one file: an
// application cannot use up kernel memory with empty files.
const (
	inodeBytes = 4096
	maxInodes  = 1 << 20
)

// NewStaging mounts an empty volume of size bytes at the folder dir, which only
// uid and gid may use.
func NewStaging(dir string, size int64, uid, gid uint32) (*Staging, error) {
	const op = "volume.staging"
	if size <= 0 {
		return nil, fault.New(fault.Invalid, op, "size must be above 0 (got %d)", size)
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC)
	options := fmt.Sprintf("size=%d,nr_inodes=%d,mode=0700,uid=%d,gid=%d", size, min(16+size/inodeBytes, maxInodes), uid, gid)
	// Linux before 6.4 has no noswap; there the TEE's having no swap must do.
	err := unix.Mount("cleanroom", dir, "tmpfs", flags, options+",noswap")
	if err == unix.EINVAL {
		err = unix.Mount("cleanroom", dir, "tmpfs", flags, options)
	}
	if err != nil {
		return nil, fault.New(fault.Internal, op, "mount tmpfs at %s: %w", dir, err)
	}
	return &Staging{dir: dir}, nil
}

// Dir returns where the volume is.
func (s *Staging) Dir() string { return s.dir }

// Close unmounts the volume, which frees it with the last process that uses it.
// It may be called more than once.
func (s *Staging) Close() error {
	s.once.Do(func() {
		if err := unix.Unmount(s.dir, unix.MNT_DETACH); err != nil {
			s.err = fault.New(fault.Internal, "volume.staging", "unmount %s: %w", s.dir, err)
		}
	})
	return s.err
}
