// Package scratch is the volume that an application writes to: a file system with
// full POSIX behaviour inside a size, whose names and blocks are in memory and whose
// content is in a Spool. It never writes a byte in clear to a file, and what it
// holds leaves only through Files.
//
// Lock order: volume, inode, spool.
package scratch

import (
	"fmt"
	"io"
	"log"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/kernel"
)

// Each file, folder and further name of a file takes one unit, of which the volume has one
// for each unitBytes of its size, within bounds: an application cannot use up
// the room's memory with empty files. One takes about 1 KiB, its name included.
const (
	unitBytes = 4096
	moreUnits = 16
	maxUnits  = 1 << 20
)

// Options of a volume.
type Options struct {
	Size     int64  // bytes that it can hold, counted in pages of 4 KiB; above 0
	UID, GID uint32 // whose it is; no other user but root may use it
}

// Volume is a mounted volume. Its methods may be called concurrently.
type Volume struct {
	// What is not implemented is ENOSYS, on which the kernel writes back by itself at
	// close(2) and fsync(2) and never asks again, keeps locks by itself, and copies by reads and writes.
	fuse.RawFileSystem

	spool    *Spool
	maxPages int64
	used     atomic.Int64 // pages
	lost     atomic.Bool  // something that the kernel had taken did not fit
	frozen   atomic.Bool

	dir    string
	dev    uint64
	served chan struct{} // closed when the kernel asks no more
	once   sync.Once
	err    error

	mu        sync.Mutex
	root      *inode
	inodes    map[uint64]*inode
	lastID    uint64
	units     int64
	maxUnits  int64
	writers   int           // open files that may write
	noWriters chan struct{} // closed when there is none any more; nil while there is none
}

// Mount mounts an empty volume at the empty folder dir. The spool outlives it.
func Mount(dir string, s *Spool, o Options) (*Volume, error) {
	const op = "scratch.mount"
	v, err := newVolume(s, o)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	v.dir = dir
	fd, err := kernel.Mount(dir, kernel.ReadWrite)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	undo := func(err error) (*Volume, error) {
		_ = unix.Unmount(dir, unix.MNT_DETACH)
		return nil, fault.New(fault.Internal, op, "%s: %w", dir, err)
	}
	server, err := fuse.NewServer(v, fmt.Sprintf("/dev/fd/%d", fd), &fuse.MountOptions{
		MaxWrite: kernel.MaxRequest, MaxBackground: 24, MaxInflightRequestBytes: inflight, DisableXAttrs: true, DisableSplice: true,
		ExplicitDataCacheControl: true, // the kernel sees every change: it makes it
		Logger:                   log.New(io.Discard, "", 0),
		PanicHandler: func(any) fuse.Status { // never a trace with the application's data in it
			_ = s.fail(fault.New(fault.Internal, "scratch.serve", "panic in the file system"))
			return fuse.EIO
		},
	})
	if err != nil {
		return undo(err)
	}
	go func() { defer close(v.served); server.Serve() }()
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		return undo(err)
	}
	v.dev = st.Dev
	kernel.Tune(dir, v.dev)
	return v, nil
}

// inflight bounds the memory of requests that wait, in bytes.
const inflight = 32 << 20

func newVolume(s *Spool, o Options) (*Volume, error) {
	if s == nil || o.Size <= 0 {
		return nil, fault.New(fault.Invalid, "scratch.volume", "needs a spool and a size above 0 (got %d)", o.Size)
	}
	v := &Volume{
		RawFileSystem: fuse.NewDefaultRawFileSystem(), spool: s, maxPages: (o.Size + pageSize - 1) / pageSize,
		maxUnits: min(moreUnits+o.Size/unitBytes, maxUnits), inodes: map[uint64]*inode{}, served: make(chan struct{}),
	}
	h := &fuse.InHeader{Caller: fuse.Caller{Owner: fuse.Owner{Uid: o.UID, Gid: o.GID}}}
	v.root, _ = v.add(h, nil, "", syscall.S_IFDIR|0o700) // fuse.FUSE_ROOT_ID: the first
	return v, nil
}

// Dir returns where the volume is.
func (v *Volume) Dir() string { return v.dir }

func (v *Volume) free() int64 { return v.maxPages - v.used.Load() }

func (v *Volume) charge(n int64) bool {
	if v.used.Add(n) > v.maxPages {
		v.used.Add(-n)
		return false
	}
	return true
}

func (v *Volume) refund(n int64) { v.used.Add(-n) }

// patience is how long the kernel may take to let go.
const patience = 500 * time.Millisecond

// Freeze ends all writing, so that what Files lists is what will be read. The application
// must have ended: Unavailable while somebody still has a file open for writing, Failed
// if something that was written through a mapping did not fit.
func (v *Volume) Freeze() error {
	const op = "scratch.freeze"
	timer := time.NewTimer(patience) // the kernel tells of the last close a little later
	defer timer.Stop()
	for !v.stop() {
		v.mu.Lock()
		wait := v.noWriters
		v.mu.Unlock()
		if wait == nil {
			continue
		}
		select {
		case <-wait:
		case <-timer.C:
			return fault.New(fault.Unavailable, op, "a file is still open for writing")
		}
	}
	if v.lost.Load() {
		return fault.New(fault.Failed, op, "what was written through a mapping does not fit: the volume holds %d bytes", v.maxPages*pageSize)
	}
	return fault.Wrap(op, v.spool.Err())
}

// stop freezes the volume unless somebody may write.
func (v *Volume) stop() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.writers > 0 {
		return false
	}
	v.frozen.Store(true)
	return true
}

// Close takes the volume away, whether it is still held or not, and zeroes what it
// held. It may be called more than once.
func (v *Volume) Close() error {
	v.once.Do(func() { v.err = v.close() })
	return v.err
}

func (v *Volume) close() error {
	const op = "scratch.close"
	v.frozen.Store(true)
	err := unix.Unmount(v.dir, unix.MNT_DETACH)
	if err == unix.EINVAL || err == unix.ENOENT {
		err = nil // somebody unmounted it before us
	}
	var cut error
	if !v.waitServed() { // another mount namespace still holds it
		cut = kernel.Abort(v.dev)
		if !v.waitServed() {
			return fault.New(fault.Internal, op, "the mount is still held (%v)", cut)
		}
	}
	v.wipe()
	if err != nil {
		return fault.New(fault.Internal, op, "unmount: %w", err)
	}
	return nil
}

func (v *Volume) wipe() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, n := range v.inodes {
		v.empty(n)
	}
	v.inodes = map[uint64]*inode{}
}

func (v *Volume) waitServed() bool {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-v.served:
		return true
	case <-timer.C:
		return false
	}
}
