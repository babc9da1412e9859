package sealed

import "math/bits"

// minPadded is what Padmé is applied to at least, in bytes. By itself it tells most
// small files apart: below 4 KiB it has more than two hundred sizes.
const minPadded = 4096

// PaddedSize returns the size that hides the given one: Padmé (Nikitin et al., "Reducing
// Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019,
// section 4), of at least 4 KiB. It costs at most 12 % above that, and leaves of a size
// of n bits no more than its first log₂ n.
func PaddedSize(size int64) int64 {
	size = max(size, minPadded)
	e := bits.Len64(uint64(size)) - 1 // ⌊log₂ size⌋
	low := e - bits.Len64(uint64(e))  // bits that must be zero
	mask := int64(1)<<low - 1
	return min((size+mask)&^mask, MaxSize)
}

var zeros [64 << 10]byte

// pad writes n zero bytes.
func (s *Writer) pad(n int64) error {
	for n > 0 {
		m, err := s.Write(zeros[:min(n, int64(len(zeros)))])
		if err != nil {
			return err
		}
		n -= int64(m)
	}
	return nil
}

// Pad ends a plaintext of size bytes with zero bytes up to its PaddedSize. It is for the
// time after the last Write, and returns what Entry.Padded is to be.
func (s *Writer) Pad(size int64) (int64, error) {
	padded := PaddedSize(size)
	if padded == size {
		return 0, s.err
	}
	return padded, s.pad(padded - size)
}

// allZero reports that b holds nothing but padding.
func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
