package volume_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// After a fault the application gets nothing more of the dataset: not of files that are right,
// open already, and in the volume's cache and the kernel's.
func TestAfterAFaultNothingIsRead(t *testing.T) {
	mountable(t)
	v := newVictim(t, 1_000_000)
	dir, m := mountDataset(t, v.dataset, volume.Options{})
	right := filepath.Join(dir, "b")
	kept, err := os.Open(right)
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	if _, err := kept.ReadAt(make([]byte, 1_000_000), 0); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(right, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)

	volumetest.Segment(v.Good, 0)[9] ^= 1
	if _, err := os.ReadFile(filepath.Join(dir, "a")); !errors.Is(err, syscall.EIO) || m.Err() == nil {
		t.Fatalf("the changed file gave %v, want EIO", err)
	}
	if n, err := unix.Pread(fd, make([]byte, 4096), 0); !errors.Is(err, syscall.EIO) {
		t.Errorf("past the kernel's cache: %d bytes, %v; want EIO", n, err)
	}
	if f, err := os.Open(right); !errors.Is(err, syscall.EIO) {
		t.Errorf("opening it anew: %v, want EIO", err)
		f.Close()
	}
	// The kernel is told to forget in a call of our own, which may take its time.
	for end := time.Now().Add(time.Minute); ; {
		if _, err = kept.ReadAt(make([]byte, 4096), 500_000); errors.Is(err, syscall.EIO) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the kernel's cache still gives bytes: %v", err)
		}
	}
}
