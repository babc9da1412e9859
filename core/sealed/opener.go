package sealed

import (
	"bytes"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Opener decrypts the segments of one sealed file in any order. Its methods may
// be called concurrently, and allocate nothing for a segment.
type Opener struct {
	cipher *segmentCipher
	header [HeaderSize]byte
	plain  int64 // of all segments, padding included
	size   int64 // of the plaintext
}

// NewOpener makes an opener for the file that has this header, plaintext size
// and associated data.
func NewOpener(dek *secret.Bytes, header, context []byte, plain int64) (*Opener, error) {
	const op = "sealed.open"
	if plain < 0 || plain > MaxSize {
		return nil, fault.New(fault.Tampered, op, "no sealed file has %d bytes of plaintext", plain)
	}
	c, err := newCipher(op, dek, header, context, Segments(plain)-1)
	if err != nil {
		return nil, err
	}
	o := &Opener{cipher: c, plain: plain, size: plain}
	copy(o.header[:], header)
	return o, nil
}

// Size returns the size of the plaintext, in bytes, without padding.
func (o *Opener) Size() int64 { return o.size }

// PlainLen returns the length of segment i's plaintext, padding included, 0 for a segment that
// the file does not have.
func (o *Opener) PlainLen(i int64) int {
	if i < 0 || i > o.cipher.last {
		return 0
	}
	return int(min(PlainStart(i+1), o.plain) - PlainStart(i))
}

// SealedRange returns where the segments from, …, to-1 lie in the sealed file.
// The header belongs to segment 0.
func (o *Opener) SealedRange(from, to int64) (off, length int64) {
	end := min(to*SegmentSize, SealedSize(o.plain))
	return from * SegmentSize, end - from*SegmentSize
}

// Open appends the plaintext of segment i to dst. ciphertext is the whole
// segment, of segment 0 with the header. dst may be ciphertext[:0] of a segment
// other than 0. Anything but the bytes that were sealed is Tampered.
func (o *Opener) Open(dst []byte, i int64, ciphertext []byte) ([]byte, error) {
	const op = "sealed.open"
	if i < 0 || i > o.cipher.last {
		return nil, fault.New(fault.Tampered, op, "segment %d of %d", i, o.cipher.last+1)
	}
	if i == 0 {
		if len(ciphertext) < HeaderSize || !bytes.Equal(ciphertext[:HeaderSize], o.header[:]) {
			return nil, fault.New(fault.Tampered, op, "header is not the one that was sealed")
		}
		ciphertext = ciphertext[HeaderSize:]
	}
	if len(ciphertext) != o.PlainLen(i)+tagSize {
		return nil, fault.New(fault.Tampered, op, "segment %d has %d bytes, want %d", i, len(ciphertext), o.PlainLen(i)+tagSize)
	}
	n := o.cipher.nonce(i, i == o.cipher.last)
	out, err := o.cipher.aead.Open(dst, n[:], ciphertext, nil)
	o.cipher.nonces.Put(n)
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "segment %d is not what was sealed", i)
	}
	return out, nil
}

// openInPlace is Open onto the segment's own memory.
func (o *Opener) openInPlace(i int64, segment []byte) ([]byte, error) {
	if i == 0 && len(segment) >= HeaderSize {
		return o.Open(segment[HeaderSize:HeaderSize], i, segment)
	}
	return o.Open(segment[:0], i, segment)
}
