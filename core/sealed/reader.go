package sealed

import (
	"context"
	"io"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// RangeReader fills p with the bytes at off of one sealed file, or fails.
type RangeReader interface {
	ReadRange(ctx context.Context, off int64, p []byte) error
}

// batch is how many segments one range read asks for at most.
const batch = 16

var batches = sync.Pool{New: func() any { b := make([]byte, batch*SegmentSize); return &b }}

// Reader gives random access to a sealed file's plaintext. Its methods may be
// called concurrently. It holds no plaintext between calls.
type Reader struct {
	src    RangeReader
	opener *Opener
}

// NewReader reads the header of the sealed file of sealedSize bytes at src. The
// caller compares Header with what a manifest says.
func NewReader(src RangeReader, sealedSize int64, dek *secret.Bytes, associated []byte) (*Reader, error) {
	plain, err := PlainSize(sealedSize)
	if err != nil {
		return nil, err
	}
	header := make([]byte, HeaderSize)
	if err := src.ReadRange(context.Background(), 0, header); err != nil {
		return nil, fault.Wrap("sealed.open", err)
	}
	o, err := NewOpener(dek, header, associated, plain)
	if err != nil {
		return nil, err
	}
	return &Reader{src, o}, nil
}

// NewFileReader reads the sealed file of e at src, whose object must have
// e.SealedSize() bytes. Header and size are the manifest's, so nothing is read yet.
func NewFileReader(src RangeReader, e *Entry, dek *secret.Bytes, associated []byte) (*Reader, error) {
	o, err := e.Opener(dek, associated)
	if err != nil {
		return nil, err
	}
	return &Reader{src, o}, nil
}

// Size returns the size of the plaintext, in bytes, without padding.
func (r *Reader) Size() int64 { return r.opener.size }

// Header returns a copy of the file's header.
func (r *Reader) Header() []byte { return append([]byte(nil), r.opener.header[:]...) }

// ReadAt is io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (int, error) {
	return r.ReadAtContext(context.Background(), p, off)
}

// ReadAtContext is ReadAt with an end. An error is Tampered where the bytes are
// not those that were sealed; the bytes before it are good.
func (r *Reader) ReadAtContext(ctx context.Context, p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fault.New(fault.Invalid, "sealed.read", "offset %d", off)
	}
	size, short := r.opener.size, false
	if off >= size {
		// An empty file says so in its one segment, which nothing else would check.
		if size == 0 {
			if _, err := r.read(ctx, nil, 0, 0, 1); err != nil {
				return 0, err
			}
		}
		return 0, io.EOF
	}
	if int64(len(p)) > size-off {
		p, short = p[:size-off], true
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		first := SegmentOf(at)
		end := min(SegmentOf(off+int64(len(p))-1)+1, first+batch)
		m, err := r.read(ctx, p[n:], at, first, end)
		n += m
		if err != nil {
			return n, err
		}
	}
	if short {
		return n, io.EOF
	}
	return n, nil
}

// read copies what the segments first…end-1 hold from off on into p.
func (r *Reader) read(ctx context.Context, p []byte, off, first, end int64) (int, error) {
	buf := batches.Get().(*[]byte)
	defer batches.Put(buf)
	start, length := r.opener.SealedRange(first, end)
	ciphertext := (*buf)[:length]
	if err := r.src.ReadRange(ctx, start, ciphertext); err != nil {
		return 0, fault.Wrap("sealed.read", err)
	}
	n := 0
	for i := first; i < end; i++ {
		seg := ciphertext[(i-first)*SegmentSize : min(length, (i-first+1)*SegmentSize)]
		size := r.opener.PlainLen(i)
		skip := int(off + int64(n) - PlainStart(i))
		if skip == 0 && len(p)-n >= size { // straight to its place
			if _, err := r.opener.Open(p[n:n:n+size], i, seg); err != nil {
				return n, err
			}
			n += size
			continue
		}
		dst := seg[:0]
		if i == 0 {
			dst = seg[HeaderSize:HeaderSize]
		}
		plain, err := r.opener.Open(dst, i, seg)
		if err != nil {
			return n, err
		}
		n += copy(p[n:], plain[skip:])
		clear(plain)
	}
	return n, nil
}

// CheckPadding reads what follows the plaintext. No read gives any of it, so that
// this is for who wants to know of every change: anything but zero bytes is Tampered.
func (r *Reader) CheckPadding(ctx context.Context) error {
	padding := Reader{r.src, &Opener{cipher: r.opener.cipher, header: r.opener.header, plain: r.opener.plain, size: r.opener.plain}}
	p := make([]byte, min(batch*SegmentPlain, r.opener.plain-r.opener.size))
	for off := r.opener.size; off < r.opener.plain; off += int64(len(p)) {
		n, err := padding.ReadAtContext(ctx, p, off)
		if err != nil && err != io.EOF {
			return err
		}
		if !allZero(p[:n]) {
			return fault.New(fault.Tampered, "sealed.read", "padding is not zero bytes")
		}
	}
	return nil
}
