package scratch

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// After fsx of the BSDs: the same random operations, mappings among them, on a file of
// the volume and on one in memory, which is the oracle.
func TestRandomOperationsAgainstAFile(t *testing.T) {
	v := mounted(t, 32<<20, leastMemory)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	t.Log(runHelper(t, "random", filepath.Join(v.Dir(), "f"), strconv.FormatUint(seed, 10)))
	if err := v.Freeze(); err != nil {
		t.Fatal(err)
	}
}

func randomOperations(args []string) error {
	seed, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, 2))
	fd, err := unix.Open(args[0], unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	oracle, err := unix.MemfdCreate("oracle", unix.MFD_CLOEXEC)
	if err != nil {
		return err
	}
	defer unix.Close(oracle)
	const limit, steps = 4 << 20, 3000
	for step := range steps {
		off, n := r.Int64N(limit), 1+r.IntN(200<<10)
		n = min(n, int(limit-off))
		kind := r.IntN(8)
		data := make([]byte, n)
		for i := 0; i < n; i += 1 + n/64 {
			data[i] = byte(1 + r.IntN(255))
		}
		var results [2]string
		for i, f := range []int{fd, oracle} {
			results[i] = oneOperation(f, kind, off, data)
		}
		if results[0] != results[1] {
			return fmt.Errorf("seed %d, step %d: operation %d at %d+%d: %.80q, the oracle says %.80q", seed, step, kind, off, n, results[0], results[1])
		}
		if step%50 == 49 || step == steps-1 {
			a, b := make([]byte, limit), make([]byte, limit)
			na, err := unix.Pread(fd, a, 0)
			if err != nil {
				return err
			}
			nb, err := unix.Pread(oracle, b, 0)
			if err != nil || !bytes.Equal(a[:na], b[:nb]) {
				return fmt.Errorf("seed %d, step %d: the files differ (%d and %d bytes), or %v", seed, step, na, nb, err)
			}
		}
	}
	fmt.Printf("%d operations", steps)
	return nil
}

func oneOperation(fd, kind int, off int64, data []byte) string {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err.Error()
	}
	n := int64(len(data))
	result := func(err error) string { return fmt.Sprint(st.Size, err) }
	switch kind {
	case 0, 1:
		m, err := unix.Pwrite(fd, data, off)
		return fmt.Sprint(m, err)
	case 2, 3:
		m, err := unix.Pread(fd, data, off)
		return fmt.Sprint(m, err) + string(data[:max(m, 0)])
	case 4:
		return result(unix.Ftruncate(fd, off))
	case 5:
		return result(unix.Fallocate(fd, unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, off, n))
	case 6:
		return result(unix.Fallocate(fd, 0, off, n))
	}
	if off >= st.Size {
		return result(nil)
	}
	end := min(off+n, st.Size)
	m, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err.Error()
	}
	before := string(m[off:end])
	copy(m[off:end], data)
	return before + result(unix.Munmap(m))
}

// What is written through a mapping and does not fit is lost after the write: Freeze must tell.
func TestALostMappedWriteFailsTheVolume(t *testing.T) {
	v := mounted(t, 256<<10, leastMemory)
	runHelper(t, "mapped", filepath.Join(v.Dir(), "f"), strconv.Itoa(128<<10))
	if err := v.Freeze(); err != nil {
		t.Fatalf("Freeze after a write that fits: %v", err)
	}
	v = mounted(t, 256<<10, leastMemory)
	runHelper(t, "mapped", filepath.Join(v.Dir(), "f"), strconv.Itoa(1<<20))
	if err := v.Freeze(); fault.KindOf(err) != fault.Failed {
		t.Errorf("Freeze = %v, want Failed", err)
	}
}

// writeMapped fills a new file through a mapping and says nothing of how that went.
func writeMapped(args []string) error {
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	f, err := os.Create(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(size)); err != nil {
		return err
	}
	m, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	for i := range m {
		m[i] = 'x'
	}
	return errors.Join(unix.Munmap(m))
}
