package scratch

import "testing"

// BenchmarkSequentialWrite writes files of 256 MiB below the mount, 1 MiB at a time: most of it
// is encrypted and stored in the test's folder.
func BenchmarkSequentialWrite(b *testing.B) {
	s, err := NewSpool(b.TempDir(), 0)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	v, err := newVolume(s, Options{Size: 1 << 30})
	if err != nil {
		b.Fatal(err)
	}
	const size = 256 << 20
	p := make([]byte, 1<<20)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		c := &content{v: v}
		for off := int64(0); off < size; off += int64(len(p)) {
			if _, err := c.writeAt(p, off); err != nil {
				b.Fatal(err)
			}
		}
		if err := c.truncate(0); err != nil {
			b.Fatal(err)
		}
	}
}
