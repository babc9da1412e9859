package scratch

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// BenchmarkMounted writes a file of 256 MiB, 1 MiB at a time, and reads it back past the
// kernel's cache; tmpfs, which this volume takes the place of, is beside it.
func BenchmarkMounted(b *testing.B) {
	b.Run("volume", func(b *testing.B) { sequential(b, mounted(b, 1<<30, 0).Dir()) })
	b.Run("tmpfs", func(b *testing.B) {
		dir := b.TempDir()
		if err := unix.Mount("bench", dir, "tmpfs", 0, "size=1g"); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			if err := unix.Unmount(dir, 0); err != nil {
				b.Error(err)
			}
		})
		sequential(b, dir)
	})
}

func sequential(b *testing.B, dir string) {
	const size = 256 << 20
	p := make([]byte, 1<<20)
	path := filepath.Join(dir, "f")
	write := func(b *testing.B) {
		f, err := os.Create(path)
		if err != nil {
			b.Fatal(err)
		}
		for range size / len(p) {
			if _, err := f.Write(p); err != nil {
				b.Fatal(err)
			}
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("write", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			write(b)
		}
	})
	b.Run("read", func(b *testing.B) {
		write(b)
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			f, err := os.Open(path)
			if err != nil {
				b.Fatal(err)
			}
			_ = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED) // tmpfs has nowhere to drop it to
			if n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, p); err != nil || n != size {
				b.Fatal(n, err)
			}
			f.Close()
		}
	})
}
