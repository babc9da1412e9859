package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume/internal/kernel"
)

// Dataset is what a mount presents.
type Dataset struct {
	Name     string           // of the source in the specification
	Manifest *sealed.Manifest // opened, so compared with its pinned digest
	Source   Source
	DEK      *secret.Bytes // the caller destroys it after Close
}

// Options of a mount.
type Options struct {
	UID, GID   uint32 // whose the files are; no other user but root may read them
	CacheBytes int64  // of decrypted segments; zero means 64 MiB, the least is 4 MiB
}

const defaultCache = 64 << 20

// Mounted is a mounted dataset. Its methods may be called concurrently.
type Mounted struct {
	dir      string
	uid, gid uint32
	view     *view
	end      context.CancelFunc // of the view's life
	dev      uint64
	served   chan struct{} // closed when the kernel asks no more

	stopped atomic.Bool // every call is EIO
	once    sync.Once   // of the first fault
	failed  chan error
	first   atomic.Pointer[error] // what failed got

	busy      sync.RWMutex // held for reading by calls under way
	openMu    sync.Mutex
	opened    map[int]*fileNode
	closeOnce sync.Once
	closeErr  error
}

// Mount presents the dataset at the empty folder dir, read-only. The permit must
// be for data.present of ds.Name. ctx bounds the mounting alone.
func Mount(ctx context.Context, p permit.Permit, dir string, ds Dataset, o Options) (*Mounted, error) {
	const op = "volume.mount"
	if err := p.Check(opPresent, ds.Name); err != nil {
		return nil, err
	}
	if ds.Manifest == nil || ds.Source == nil || ds.DEK.Len() != sealed.KeySize || o.CacheBytes < 0 {
		return nil, fault.New(fault.Invalid, op, "%s: needs a manifest, a source, a key and no negative cache", ds.Name)
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if o.CacheBytes == 0 {
		o.CacheBytes = defaultCache
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	m := &Mounted{
		dir: dir, uid: o.UID, gid: o.GID, end: end,
		served: make(chan struct{}), failed: make(chan error, 1), opened: map[int]*fileNode{},
	}
	m.view = newView(life, ds, o.CacheBytes, m.fail)
	if err := m.serve(); err != nil {
		end()
		return nil, fault.Wrap(op, fmt.Errorf("%s: %w", ds.Name, err))
	}
	return m, nil
}

func (m *Mounted) serve() error {
	fd, err := kernel.Mount(m.dir, kernel.ReadOnly)
	if err != nil {
		return err
	}
	forever := 365 * 24 * time.Hour // nothing here ever changes
	quiet := log.New(io.Discard, "", 0)
	entries := m.view.manifest.Entries
	root := &folderNode{m: m, d: folder{entries: entries, hi: entries.Len()}}
	server, err := fuse.NewServer(fs.NewNodeFS(root, &fs.Options{
		EntryTimeout: &forever, AttrTimeout: &forever, NegativeTimeout: &forever, NullPermissions: true,
	}), fmt.Sprintf("/dev/fd/%d", fd), &fuse.MountOptions{
		MaxWrite: kernel.MaxRequest, MaxBackground: 64, DisableXAttrs: true, DisableSplice: true, Logger: quiet,
		PanicHandler: func(any) fuse.Status { // never a trace with the application's data in it
			m.fail(fault.New(fault.Internal, "volume.serve", "panic in the file system"))
			return fuse.EIO
		},
	})
	if err != nil {
		_ = unix.Unmount(m.dir, unix.MNT_DETACH)
		return err
	}
	go func() { defer close(m.served); server.Serve() }()
	var st unix.Stat_t
	if err := unix.Stat(m.dir, &st); err != nil {
		_ = unix.Unmount(m.dir, unix.MNT_DETACH)
		return err
	}
	m.dev = st.Dev
	kernel.Tune(m.dir, m.dev)
	return nil
}

// Failed gives the first fault: Tampered, or a store that stayed Unavailable. From
// then on every read is EIO. The room stops on it.
func (m *Mounted) Failed() <-chan error { return m.failed }

// Err is the fault that Failed gives, without waiting: nil while there is none.
func (m *Mounted) Err() error {
	if p := m.first.Load(); p != nil {
		return *p
	}
	return nil
}

func (m *Mounted) fail(err error) {
	m.once.Do(func() {
		m.first.Store(&err)
		m.stopped.Store(true)
		m.failed <- err
		go m.forget()
	})
}

// forget makes the kernel drop what it keeps of opened files, so that later
// reads ask us, and get EIO. It must not run in a call of the kernel's.
func (m *Mounted) forget() {
	m.openMu.Lock()
	nodes := make([]*fileNode, 0, len(m.opened))
	for _, n := range m.opened {
		nodes = append(nodes, n)
	}
	m.openMu.Unlock()
	for _, n := range nodes {
		n.NotifyContent(0, 0) // ENOENT: the kernel has forgotten it already
	}
}

func (m *Mounted) openFile(ctx context.Context, n *fileNode) syscall.Errno {
	m.busy.RLock()
	defer m.busy.RUnlock()
	if m.stopped.Load() {
		return syscall.EIO
	}
	if err := m.view.open(ctx, &n.f); err != nil {
		return m.errno(ctx, err)
	}
	m.openMu.Lock()
	m.opened[n.f.index] = n
	m.openMu.Unlock()
	m.view.walked(ctx, n.f.index)
	return 0
}

// readFile returns what is read; the call is under way until its Done.
func (m *Mounted) readFile(ctx context.Context, h *handle, p []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	m.busy.RLock()
	if m.stopped.Load() {
		m.busy.RUnlock()
		return nil, syscall.EIO
	}
	r, err := m.view.read(ctx, &h.node.f, &h.ahead, p, off)
	if err != nil {
		m.busy.RUnlock()
		return nil, m.errno(ctx, err)
	}
	if r.size == 0 { // go-fuse ends no empty result
		m.busy.RUnlock()
		return fuse.ReadResultData(nil), 0
	}
	r.end = m.busy.RUnlock
	m.view.stats.served.Add(int64(r.size))
	return r, 0
}

// errno tells a reader that was interrupted from a fault, which stops the mount.
func (m *Mounted) errno(ctx context.Context, err error) syscall.Errno {
	if ctx.Err() != nil {
		return syscall.EINTR
	}
	if m.view.life.Err() == nil || !errors.Is(err, context.Canceled) {
		m.fail(err)
	}
	return syscall.EIO
}
