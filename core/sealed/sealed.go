// Package sealed is the file format in which data rests outside the room, and
// the signed manifests that bind a set of such files. It works on bytes alone:
// it opens no file, no connection, and never returns a byte that it has not
// authenticated.
//
// A sealed file is a stream of Tink's AES256_GCM_HKDF streaming AEAD with 64 KiB
// ciphertext segments and SHA-256, so any Tink library can write and read it.
// docs/formats/sealed-file.md has it byte by byte.
package sealed

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Sizes of the format, in bytes. Tink's wire format documentation names them
// ciphertext_segment_size, header and tag.
const (
	SegmentSize = 64 << 10 // of a whole ciphertext segment; the first includes the header
	HeaderSize  = 1 + saltSize + prefixSize
	KeySize     = 32 // of a DEK

	saltSize   = 32
	prefixSize = 7
	nonceSize  = 12
	tagSize    = 16

	// SegmentPlain is what a whole segment holds; the first holds HeaderSize less.
	SegmentPlain = SegmentSize - tagSize

	// MaxSize of a plaintext keeps the segment number far inside its 32 bits.
	MaxSize = int64(1) << 47
)

// FileContext returns the associated data of a dataset's file. None of the
// first three parts can hold a newline, so no two files share one.
func FileContext(dataset, path string, version uint64) []byte {
	return []byte("cleanroom/file/v1\n" + dataset + "\n" + strconv.FormatUint(version, 10) + "\n" + path)
}

// Segments returns how many segments a plaintext of the given size has.
func Segments(plain int64) int64 {
	return max(1, (plain+HeaderSize+SegmentPlain-1)/SegmentPlain)
}

// SegmentOf returns the number of the segment that holds the plaintext byte at off.
func SegmentOf(off int64) int64 { return (off + HeaderSize) / SegmentPlain }

// PlainStart returns where segment i begins in the plaintext.
func PlainStart(i int64) int64 { return max(0, i*SegmentPlain-HeaderSize) }

// SealedSize returns the size of the sealed file for a plaintext of the given size.
func SealedSize(plain int64) int64 { return HeaderSize + plain + tagSize*Segments(plain) }

// PlainSize is the inverse of SealedSize. A size that no sealed file has is Tampered.
func PlainSize(sealed int64) (int64, error) {
	plain := sealed - HeaderSize - tagSize*((sealed+SegmentSize-1)/SegmentSize)
	if plain < 0 || plain > MaxSize || SealedSize(plain) != sealed {
		return 0, fault.New(fault.Tampered, "sealed.size", "no sealed file has %d bytes", sealed)
	}
	return plain, nil
}

// segmentCipher seals or opens the segments of one file. Its methods may be
// called concurrently.
type segmentCipher struct {
	aead   cipher.AEAD
	prefix [prefixSize]byte
	last   int64 // number of the last segment; -1 while it is not known
	nonces sync.Pool
}

// newCipher derives the file's key: HKDF-SHA256 of the DEK, the header's salt
// and the associated data (RFC 5869; Tink "Streaming AEAD", AES-GCM-HKDF).
func newCipher(op string, dek *secret.Bytes, header, context []byte, last int64) (*segmentCipher, error) {
	if len(header) != HeaderSize || header[0] != HeaderSize {
		return nil, fault.New(fault.Tampered, op, "not the header of a sealed file")
	}
	c := &segmentCipher{last: last}
	c.nonces.New = func() any { return new([nonceSize]byte) }
	copy(c.prefix[:], header[1+saltSize:])
	err := dek.Use(func(ikm []byte) error {
		if len(ikm) != KeySize {
			return fault.New(fault.Invalid, op, "key of %d bytes, want %d", len(ikm), KeySize)
		}
		key, err := hkdf.Key(sha256.New, ikm, header[1:1+saltSize], string(context), KeySize)
		if err != nil {
			return err
		}
		defer clear(key)
		block, err := aes.NewCipher(key)
		if err != nil {
			return err
		}
		c.aead, err = cipher.NewGCM(block)
		return err
	})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	return c, nil
}

// nonce is prefix ‖ big-endian segment number ‖ 1 for the last segment, else 0.
func (c *segmentCipher) nonce(i int64, last bool) *[nonceSize]byte {
	n := c.nonces.Get().(*[nonceSize]byte)
	copy(n[:], c.prefix[:])
	binary.BigEndian.PutUint32(n[prefixSize:], uint32(i))
	n[nonceSize-1] = 0
	if last {
		n[nonceSize-1] = 1
	}
	return n
}
