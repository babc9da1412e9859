package scratch

import (
	"io"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/volume/sealing"
)

var _ sealing.Tree = (*Volume)(nil)

// Walk is a sealing.Tree's: it reads the volume's own inodes, not the mount. The volume
// must be frozen.
func (v *Volume) Walk(visit func(path string, mode uint32, size int64, id uint64) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.frozen.Load() {
		return fault.New(fault.Internal, "scratch.walk", "the volume is not frozen")
	}
	type place struct {
		prefix string
		dir    *inode
	}
	for left := []place{{"", v.root}}; len(left) > 0; {
		p := left[len(left)-1]
		left = left[:len(left)-1]
		for _, e := range p.dir.dir.from(0) {
			if e.node == nil {
				continue
			}
			e.node.mu.RLock()
			mode, size := e.node.mode, e.node.content.size
			e.node.mu.RUnlock()
			path := p.prefix + e.name
			if err := visit(path, mode, size, e.node.id); err != nil {
				return err
			}
			if e.node.isDir() {
				left = append(left, place{path + "/", e.node})
			}
		}
	}
	return nil
}

// copyBytes is what Copy reads at a time, in bytes.
const copyBytes = 4 * blockSize

// Copy is a sealing.Tree's. It takes copyBytes of memory.
func (v *Volume) Copy(w io.Writer, _ string, size int64, id uint64) error {
	n := v.inode(id)
	if n == nil || !v.frozen.Load() {
		return fault.New(fault.Internal, "scratch.copy", "no file %d in a frozen volume", id)
	}
	p := make([]byte, min(copyBytes, size))
	defer clear(p)
	for off := int64(0); off < size; {
		n.mu.RLock()
		m, err := n.content.readAt(p[:min(int64(len(p)), size-off)], off)
		n.mu.RUnlock()
		if err == nil && m == 0 {
			err = fault.New(fault.Internal, "scratch.copy", "file %d ends at %d of %d bytes", id, off, size)
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(p[:m]); err != nil {
			return err
		}
		off += int64(m)
	}
	return nil
}
