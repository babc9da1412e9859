package scratch

import (
	"errors"
	"math"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// maxSize of a file, in bytes: what can be sealed.
const maxSize = sealed.MaxSize

// content is what a regular file holds: blocks, and holes between them. Its caller
// has the inode's lock: for reading where a method reads, else for writing.
type content struct {
	v      *Volume
	size   int64
	blocks map[int64]*block
	pages  int64 // counted against the volume's size
}

func (c *content) readAt(p []byte, off int64) (int, error) {
	if off < 0 || off >= c.size {
		return 0, nil
	}
	p = p[:min(int64(len(p)), c.size-off)]
	for n := 0; n < len(p); {
		i, o := (off+int64(n))/blockSize, int((off+int64(n))%blockSize)
		part := p[n:min(len(p), n+blockSize-o)]
		if b := c.blocks[i]; b == nil {
			clear(part)
		} else if err := c.v.spool.read(b, o, part); err != nil {
			return n, err
		}
		n += len(part)
	}
	return len(p), nil
}

// writeAt returns how much was written before an error: ENOSPC, EFBIG or a fault.
func (c *content) writeAt(p []byte, off int64) (int, error) {
	if off < 0 || off+int64(len(p)) > maxSize {
		return 0, syscall.EFBIG
	}
	n := 0
	for n < len(p) {
		i, o := (off+int64(n))/blockSize, int((off+int64(n))%blockSize)
		part := p[n:min(len(p), n+blockSize-o)]
		if err := c.change(i, o, part); err != nil {
			c.grown(off+int64(n), n > 0)
			return n, err
		}
		n += len(part)
	}
	c.grown(off+int64(n), n > 0)
	return n, nil
}

func (c *content) grown(end int64, changed bool) {
	if changed {
		c.size = max(c.size, end)
	}
}

// change writes p into block i from its byte from on.
func (c *content) change(i int64, from int, p []byte) error {
	to := from + len(p)
	b := c.blocks[i]
	fresh := b == nil
	if fresh {
		b = &block{}
	}
	length := max(b.length, uint32(to))
	if err := c.charge(b, length); err != nil {
		return err
	}
	before := b.length
	if err := c.v.spool.write(b, from, p, length); err != nil {
		c.refund(length, before)
		return err
	}
	if fresh {
		if c.blocks == nil {
			c.blocks = map[int64]*block{}
		}
		c.blocks[i] = b
	}
	return nil
}

// charge counts what a block grows by. ENOSPC where the volume's size does not allow it.
func (c *content) charge(b *block, length uint32) error {
	n := int64(pages(length)) - int64(pages(b.length))
	if n > 0 && !c.v.charge(n) {
		return syscall.ENOSPC
	}
	c.pages += max(n, 0)
	return nil
}

func (c *content) refund(before, after uint32) {
	n := int64(pages(before)) - int64(pages(after))
	c.pages -= n
	c.v.refund(n)
}

func (c *content) drop(i int64) {
	b := c.blocks[i]
	c.refund(b.length, 0)
	c.v.spool.drop(b)
	delete(c.blocks, i)
}

func (c *content) truncate(size int64) error {
	if size < 0 || size > maxSize {
		return syscall.EFBIG
	}
	if size < c.size {
		last, rest := size/blockSize, uint32(size%blockSize)
		for i, b := range c.blocks {
			switch {
			case i > last || i == last && rest == 0:
				c.drop(i)
			case i == last && b.length > rest:
				c.refund(b.length, rest)
				c.v.spool.cut(b, rest)
			}
		}
	}
	c.size = size
	return nil
}

// allocate promises that a write between off and end has its place in the volume.
func (c *content) allocate(off, end int64, keepSize bool) error {
	if off < 0 || end <= off || end > maxSize {
		return syscall.EFBIG
	}
	if c.v.free() < (end-off)/blockSize-int64(len(c.blocks)) {
		return syscall.ENOSPC
	}
	for i := off / blockSize; i*blockSize < end; i++ {
		length := uint32(min(end-i*blockSize, blockSize))
		b := c.blocks[i]
		if b == nil {
			b = &block{}
		}
		length = max(length, b.length)
		if err := c.charge(b, length); err != nil {
			return err
		}
		b.length = length
		if c.blocks == nil {
			c.blocks = map[int64]*block{}
		}
		c.blocks[i] = b
	}
	if !keepSize {
		c.grown(end, true)
	}
	return nil
}

// zero makes a hole of the bytes from off to end, as far as whole blocks go, and zeroes the rest.
func (c *content) zero(off, end int64) error {
	if off < 0 || end <= off {
		return syscall.EINVAL
	}
	for i, b := range c.blocks {
		from, to := max(off-i*blockSize, 0), min(end-i*blockSize, blockSize)
		if from >= int64(b.length) || to <= 0 {
			continue
		}
		switch {
		case from == 0 && to >= int64(b.length):
			c.drop(i)
		case to >= int64(b.length):
			c.refund(b.length, uint32(from))
			c.v.spool.cut(b, uint32(from))
		default:
			if err := c.v.spool.zero(b, int(from), int(to)); err != nil {
				return err
			}
		}
	}
	return nil
}

// seek finds data or a hole as lseek(2) does. With full, no hole but the end is known.
func (c *content) seek(off int64, whence uint32, full bool) (int64, error) {
	if off < 0 || off >= c.size {
		return 0, syscall.ENXIO
	}
	if full && whence == unix.SEEK_DATA {
		return off, nil
	}
	if full && whence == unix.SEEK_HOLE {
		return c.size, nil
	}
	i := off / blockSize
	if whence == unix.SEEK_HOLE {
		for c.blocks[i] != nil {
			i++
		}
		return min(max(off, i*blockSize), c.size), nil
	}
	if whence != unix.SEEK_DATA {
		return 0, syscall.EINVAL
	}
	next := int64(math.MaxInt64)
	if c.blocks[i] != nil {
		next = i
	} else {
		for k := range c.blocks {
			if k > i && k < next {
				next = k
			}
		}
	}
	if next == math.MaxInt64 || next*blockSize >= c.size {
		return 0, syscall.ENXIO
	}
	return max(off, next*blockSize), nil
}

// errno is what the application is told.
func errno(err error) syscall.Errno {
	var e syscall.Errno
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e) && e == syscall.EDQUOT:
		return syscall.ENOSPC
	case errors.As(err, &e) && e != syscall.EIO:
		return e
	}
	return syscall.EIO
}
