package sealed

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// chunk is how much of a list one range read asks for while it is opened, in bytes;
// two of them are in memory.
const chunk = 32 * SegmentSize

// scan reads a sealed list once, in order, and gives its plaintext. Another goroutine
// reads and hashes the ciphertext ahead of it.
type scan struct {
	src     RangeReader
	start   int64 // of the list in the object
	size    int64 // of the sealed list
	dek     *secret.Bytes
	context []byte

	object hash.Hash           // of the whole object, up to where fetch is
	sums   [][sha256.Size]byte // of the ciphertext segments
	opener *Opener             // once the first segment is there
	chunks chan fetched
	free   chan []byte
	now    []byte // the chunk that is being opened
	rest   []byte // of it, not yet opened
	plain  []byte // of the last segment, not yet given
	next   int64  // segment
}

type fetched struct {
	ciphertext []byte
	err        error
}

// begin starts to fetch. The returned function ends it, and waits for that.
func (s *scan) begin(ctx context.Context) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	s.chunks, s.free = make(chan fetched, 3), make(chan []byte, 2) // so that no send blocks
	n := min(chunk, max(0, s.size))
	s.free <- make([]byte, n)
	s.free <- make([]byte, n)
	var wg sync.WaitGroup
	wg.Go(func() { s.fetch(ctx) })
	return func() { cancel(); wg.Wait() }
}

func (s *scan) fetch(ctx context.Context) {
	defer close(s.chunks)
	for off := int64(0); off < s.size; {
		var buf []byte
		select {
		case buf = <-s.free:
		case <-ctx.Done():
			s.chunks <- fetched{err: ctx.Err()}
			return
		}
		p := buf[:min(chunk, s.size-off)]
		if err := s.src.ReadRange(ctx, s.start+off, p); err != nil {
			s.chunks <- fetched{err: fault.Wrap("sealed.manifest", err)}
			return
		}
		s.object.Write(p)
		for segment := range slices.Chunk(p, SegmentSize) {
			s.sums = append(s.sums, sha256.Sum256(segment))
		}
		off += int64(len(p))
		s.chunks <- fetched{ciphertext: p}
	}
}

// Read is io.Reader.
func (s *scan) Read(p []byte) (int, error) {
	for len(s.plain) == 0 {
		if len(s.rest) == 0 {
			if s.now != nil {
				s.free <- s.now[:cap(s.now)]
				s.now = nil
			}
			c, ok := <-s.chunks
			if !ok {
				return 0, io.EOF
			}
			if c.err != nil {
				return 0, c.err
			}
			s.now, s.rest = c.ciphertext, c.ciphertext
		}
		if err := s.open(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.plain)
	s.plain = s.plain[n:]
	return n, nil
}

func (s *scan) open() (err error) {
	segment := s.rest[:min(SegmentSize, len(s.rest))]
	s.rest = s.rest[len(segment):]
	if s.opener == nil {
		if s.opener, err = openerOf(segment, s.size, s.dek, s.context); err != nil {
			return err
		}
	}
	s.plain, err = s.opener.openInPlace(s.next, segment)
	s.next++
	return err
}

// openerOf makes an opener from a sealed file's own header and size.
func openerOf(first []byte, sealedSize int64, dek *secret.Bytes, context []byte) (*Opener, error) {
	plain, err := PlainSize(sealedSize)
	if err != nil {
		return nil, err
	}
	return NewOpener(dek, first[:HeaderSize], context, plain)
}

// lines reads the lines of a list and hashes them. Its errors are Tampered, or the
// reader's own.
type lines struct {
	r    *bufio.Reader
	hash hash.Hash
	off  int64 // of the next line
}

// next returns a line without its newline, until the next call.
func (l *lines) next() ([]byte, error) {
	b, err := l.r.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, damaged("has a line of more than %d bytes", l.r.Size())
	case err == io.EOF:
		return nil, damaged("ends too early")
	case err != nil:
		return nil, err
	}
	l.hash.Write(b)
	l.off += int64(len(b))
	return b[:len(b)-1], nil
}

func (l *lines) json(v any) error {
	b, err := l.next()
	if err != nil {
		return err
	}
	if err := canonical.Unmarshal(b, v); err != nil {
		return damaged("%w", err)
	}
	return nil
}

// finish checks the signature over all lines so far, and that nothing but padding follows it.
func (l *lines) finish(domain string, signer ed25519.PublicKey) error {
	message := signed(domain, l.hash)
	var sig signature
	if err := l.json(&sig); err != nil {
		return err
	}
	if !ed25519.Verify(signer, message, sig.Signature) {
		return damaged("signature is not the signer's")
	}
	for {
		b, err := l.r.Peek(1)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		b, _ = l.r.Peek(l.r.Buffered())
		if !allZero(b) {
			return damaged("bytes after the signature")
		}
		if _, err := l.r.Discard(len(b)); err != nil {
			return err
		}
	}
}

// entries reads n entries in their order, and gives each to add: where its line begins,
// and how many bytes of its path are the last one's.
func (l *lines) entries(n int64, before uint64, add func(e *Entry, off int64, common int)) error {
	var o order
	for range n {
		off := l.off
		line, err := l.next()
		if err != nil {
			return err
		}
		e, err := parseEntry(line)
		if err == nil {
			err = e.checkVersion(before)
		}
		if err != nil {
			return damaged("%w", err)
		}
		common, err := o.next(e.Path)
		if err != nil {
			return damaged("%w", err)
		}
		add(&e, off, common)
	}
	return nil
}

// compare refuses an object other than the pinned one, once all of it has been read.
func (s *scan) compare(want digest.SHA256) error {
	if got := digest.FromHash(s.object); !got.Equal(want) {
		return damaged("is %s, pinned is %s", got, want)
	}
	return nil
}
