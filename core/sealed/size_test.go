package sealed_test

import (
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// A file of a size that no plaintext has was cut or grown: PlainSize knows before a byte is read.
func TestSizesThatNoSealedFileHasAreTampered(t *testing.T) {
	const most = 3 * sealed.SegmentSize
	plain := map[int64]int64{} // by sealed size
	for n := int64(0); sealed.SealedSize(n) <= most; n++ {
		plain[sealed.SealedSize(n)] = n
	}
	for size := int64(-1); size <= most; size++ {
		want, ok := plain[size]
		got, err := sealed.PlainSize(size)
		if ok && (err != nil || got != want) || !ok && (err == nil || fault.KindOf(err) != fault.Tampered) {
			t.Fatalf("PlainSize(%d) = %d, %v; want %d, %v", size, got, err, want, ok)
		}
	}
	for _, size := range []int64{sealed.SealedSize(sealed.MaxSize) + 1, 1<<63 - 1, -1 << 63} {
		if got, err := sealed.PlainSize(size); err == nil || fault.KindOf(err) != fault.Tampered {
			t.Errorf("PlainSize(%d) = %d, %v; want Tampered", size, got, err)
		}
	}
}
