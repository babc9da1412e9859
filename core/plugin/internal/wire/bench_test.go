package wire

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
)

// BenchmarkSealed copies and hashes this test's own binary.
func BenchmarkSealed(b *testing.B) {
	self, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	content, err := os.ReadFile(self)
	if err != nil {
		b.Fatal(err)
	}
	want := digest.Of(content)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		fd, err := sealed(self, want)
		if err != nil {
			b.Fatal(err)
		}
		unix.Close(fd)
	}
}
