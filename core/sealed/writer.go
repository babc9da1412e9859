package sealed

import (
	"crypto/rand"
	"io"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Writer seals what is written to it. It is for one goroutine. The file is
// whole only after a Close without error; Close does not close what is under it.
type Writer struct {
	w       io.Writer
	cipher  *segmentCipher
	header  [HeaderSize]byte
	segment int64
	plain   []byte // of the segment being filled
	out     []byte
	err     error
}

// NewWriter begins a sealed file on w under a fresh salt and nonce prefix.
func NewWriter(w io.Writer, dek *secret.Bytes, context []byte) (*Writer, error) {
	const op = "sealed.write"
	s := &Writer{w: w, plain: make([]byte, 0, SegmentPlain), out: make([]byte, 0, SegmentSize)}
	s.header[0] = HeaderSize
	if _, err := rand.Read(s.header[1:]); err != nil {
		return nil, fault.Wrap(op, err)
	}
	var err error
	if s.cipher, err = newCipher(op, dek, s.header[:], context, -1); err != nil {
		return nil, err
	}
	s.out = append(s.out, s.header[:]...)
	return s, nil
}

// Header returns a copy of the file's header, which a manifest keeps.
func (s *Writer) Header() []byte { return append([]byte(nil), s.header[:]...) }

// Write seals p.
func (s *Writer) Write(p []byte) (int, error) {
	written := 0
	for s.err == nil && len(p) > 0 {
		room := s.room()
		if room == 0 { // full, and not the last: more is coming
			s.flush(false)
			continue
		}
		n := min(room, len(p))
		s.plain = append(s.plain, p[:n]...)
		p, written = p[n:], written+n
	}
	return written, s.err
}

// Close seals the last segment.
func (s *Writer) Close() error {
	if s.err == nil {
		s.flush(true)
	}
	clear(s.plain[:cap(s.plain)])
	if s.err != nil {
		return s.err
	}
	s.err = fault.New(fault.Internal, "sealed.write", "sealed file is closed")
	return nil
}

func (s *Writer) room() int {
	limit := SegmentPlain
	if s.segment == 0 {
		limit -= HeaderSize
	}
	return limit - len(s.plain)
}

func (s *Writer) flush(last bool) {
	if PlainStart(s.segment)+int64(len(s.plain)) > MaxSize {
		s.err = fault.New(fault.Invalid, "sealed.write", "more than %d bytes", MaxSize)
		return
	}
	n := s.cipher.nonce(s.segment, last)
	out := s.cipher.aead.Seal(s.out, n[:], s.plain, nil) // s.out holds the header before segment 0
	s.cipher.nonces.Put(n)
	if _, err := s.w.Write(out); err != nil {
		s.err = fault.Wrap("sealed.write", err)
	}
	s.out, s.plain = s.out[:0], s.plain[:0]
	s.segment++
}
