package volume

import (
	"context"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// Modes of all files and folders: the application's user alone may read, nobody may
// write. Plugins run under other users in the same mount namespace.
const (
	fileMode   = syscall.S_IFREG | 0o400
	folderMode = syscall.S_IFDIR | 0o500
	blockSize  = 64 << 10 // what a reader should ask for at a time
)

type folderNode struct {
	fs.Inode
	m *Mounted
	d folder
}

type fileNode struct {
	fs.Inode
	m    *Mounted
	f    file
	size int64
}

// handle is one open file.
type handle struct {
	node  *fileNode
	ahead ahead
}

var (
	_ = (fs.NodeLookuper)((*folderNode)(nil))
	_ = (fs.NodeOpendirHandler)((*folderNode)(nil))
	_ = (fs.NodeGetattrer)((*folderNode)(nil))
	_ = (fs.NodeStatfser)((*folderNode)(nil))
	_ = (fs.FileReaddirenter)((*listing)(nil))
	_ = (fs.FileSeekdirer)((*listing)(nil))
	_ = (fs.FileLookuper)((*listing)(nil))
	_ = (fs.NodeGetattrer)((*fileNode)(nil))
	_ = (fs.NodeOpener)((*fileNode)(nil))
	_ = (fs.NodeOnForgetter)((*fileNode)(nil))
	_ = (fs.FileReader)((*handle)(nil))
	_ = (fs.FileReleaser)((*handle)(nil))
)

func (n *folderNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.m.folderAttr(&out.Attr)
	return 0
}

func (n *folderNode) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	c, ok, err := n.d.lookup(ctx, name)
	if err != nil {
		return nil, n.m.errno(ctx, err)
	}
	if !ok {
		return nil, syscall.ENOENT
	}
	return n.inode(ctx, c, out), 0
}

func (n *folderNode) inode(ctx context.Context, c child, out *fuse.EntryOut) *fs.Inode {
	if c.file < 0 {
		n.m.folderAttr(&out.Attr)
		return n.NewInode(ctx, &folderNode{m: n.m, d: c.sub}, fs.StableAttr{Mode: syscall.S_IFDIR, Ino: c.ino()})
	}
	n.m.fileAttr(c.size, &out.Attr)
	return n.NewInode(ctx, &fileNode{m: n.m, f: file{index: c.file}, size: c.size}, fs.StableAttr{Mode: syscall.S_IFREG, Ino: c.ino()})
}

func (n *folderNode) OpendirHandle(context.Context, uint32) (fs.FileHandle, uint32, syscall.Errno) {
	return &listing{node: n, next: n.d.lo}, 0, 0
}

func (n *folderNode) Statfs(_ context.Context, out *fuse.StatfsOut) syscall.Errno {
	entries := n.m.view.manifest.Entries
	out.Bsize, out.Frsize, out.NameLen = blockSize, 4096, 255
	out.Blocks, out.Files = uint64(entries.Size()/4096), uint64(entries.Len())
	return 0
}

// listing is one open folder; go-fuse makes one call of it at a time. The kernel asks for
// names and attributes together, so each child is looked up as it is listed, with no
// search. The offset of a child is how many of the folder's entries come before the next
// one, so that a reader may go back to it.
type listing struct {
	node *folderNode
	next int // entry
	last child
}

func (l *listing) Readdirent(ctx context.Context) (*fuse.DirEntry, syscall.Errno) {
	if l.next >= l.node.d.hi {
		return nil, 0
	}
	c, after, err := l.node.d.at(ctx, l.next)
	if err != nil {
		return nil, l.node.m.errno(ctx, err)
	}
	l.last, l.next = c, after
	mode := uint32(syscall.S_IFREG)
	if c.file < 0 {
		mode = syscall.S_IFDIR
	}
	return &fuse.DirEntry{Name: c.name, Mode: mode, Ino: c.ino(), Off: uint64(after - l.node.d.lo)}, 0
}

func (l *listing) Seekdir(_ context.Context, off uint64) syscall.Errno {
	if off > uint64(l.node.d.hi-l.node.d.lo) {
		return syscall.EINVAL
	}
	l.next, l.last = l.node.d.lo+int(off), child{}
	return 0
}

func (l *listing) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	if l.last.name != name {
		return l.node.Lookup(ctx, name, out)
	}
	return l.node.inode(ctx, l.last, out), 0
}

func (n *fileNode) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	n.m.fileAttr(n.size, &out.Attr)
	return 0
}

func (n *fileNode) Open(ctx context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	if flags&syscall.O_ACCMODE != syscall.O_RDONLY {
		return nil, 0, syscall.EROFS
	}
	if errno := n.m.openFile(ctx, n); errno != 0 {
		return nil, 0, errno
	}
	// The content never changes, so the kernel keeps what it has read.
	return &handle{node: n}, fuse.FOPEN_KEEP_CACHE, 0
}

// OnForget comes when the kernel keeps nothing of the file any more.
func (n *fileNode) OnForget() {
	n.m.openMu.Lock()
	defer n.m.openMu.Unlock()
	if n.m.opened[n.f.index] == n {
		delete(n.m.opened, n.f.index)
	}
}

func (h *handle) Read(ctx context.Context, dest []byte, off int64) (fuse.ReadResult, syscall.Errno) {
	return h.node.m.readFile(ctx, h, dest, off)
}

func (h *handle) Release(context.Context) syscall.Errno {
	h.node.f.close()
	return 0
}

func (m *Mounted) folderAttr(a *fuse.Attr) {
	a.Mode, a.Nlink, a.Blksize = folderMode, 2, blockSize
	a.Owner = fuse.Owner{Uid: m.uid, Gid: m.gid}
}

func (m *Mounted) fileAttr(size int64, a *fuse.Attr) {
	a.Mode, a.Nlink, a.Blksize, a.Size, a.Blocks = fileMode, 1, blockSize, uint64(size), (uint64(size)+511)/512
	a.Owner = fuse.Owner{Uid: m.uid, Gid: m.gid}
}
