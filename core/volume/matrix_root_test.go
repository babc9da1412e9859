package volume_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// These tests have the whole way of the data: a store, a plugin process that reads it, its
// data socket, the mount, and a reader of it.

// mountBriefly mounts the victim's dataset for one case.
func mountBriefly(t *testing.T, dir string, v *victim) *volume.Mounted {
	t.Helper()
	p, end := permit.Issue("data.present", "north")
	defer end()
	m, err := volume.Mount(t.Context(), p, dir, v.dataset, volume.Options{CacheBytes: 4 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// readThrough reads a file of the mount from…to-1, past the page cache, as the application
// may: a page first, then a segment at a time. It returns what came before an error.
func readThrough(path string, from, to int64) (all []byte, err error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECT|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	step := 4096
	for p := make([]byte, 64<<10); from < to; step = len(p) {
		n, err := unix.Pread(fd, p[:min(int64(step), to-from)], from)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return all, err
		}
		if n == 0 {
			return all, fmt.Errorf("ends at %d", from)
		}
		all, from = append(all, p[:n]...), from+int64(n)
	}
	return all, nil
}

// stopped says what is wrong with a mount that was to refuse: its reader got EIO after right
// bytes alone, it says why, and gives nothing more, of no file.
func stopped(m *volume.Mounted, dir string, err error, want fault.Kind) error {
	if !errors.Is(err, syscall.EIO) {
		return fmt.Errorf("the read gave %v, want EIO", err)
	}
	select {
	case why := <-m.Failed():
		if fault.KindOf(why) != want {
			return fmt.Errorf("failed with %w (%v), want %v", why, fault.KindOf(why), want)
		}
	default:
		return errors.New("the mount did not fail")
	}
	if b, err := os.ReadFile(filepath.Join(dir, "b")); err == nil || len(b) > 0 {
		return fmt.Errorf("another file gave %d bytes after it, %v", len(b), err)
	}
	return nil
}

func TestChangesAtRestStopTheMount(t *testing.T) {
	src, folder := startStore(t)
	dir := t.TempDir()
	started := time.Now()
	var victimNow *victim
	var at []byte // what the folder holds of the victim; a copy, for the test's buffer is used again
	count := eachAtRest(t, func(t *testing.T, v *victim, what string, changed []byte, segment int, right bool) {
		blob := filepath.Join(folder, "blob-0")
		if victimNow != v {
			victimNow, at = v, nil
			v.dataset.Source = src
			publish(t, blob, v.Good, nil)
			publish(t, filepath.Join(folder, "blob-1"), v.Other, nil)
			at = append(at, v.Good...)
		}
		publish(t, blob, changed, at)
		at = append(at[:0], changed...)
		m := mountBriefly(t, dir, v)
		defer m.Close()
		from, to := near(len(v.plain), segment)
		if right {
			from, to = 0, int64(len(v.plain))
		}
		got, err := readThrough(filepath.Join(dir, "a"), from, to)
		switch {
		case !bytes.HasPrefix(v.plain[from:], got):
			t.Errorf("%s: wrong bytes came out", what)
		case right && (err != nil || m.Err() != nil):
			t.Errorf("%s: %v, %v; want all bytes", what, err, m.Err())
		case !right:
			if err := stopped(m, dir, err, fault.Tampered); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
	t.Logf("%d changed files tried in %v; each must be refused", count, time.Since(started).Round(time.Second))
	if count != casesAtRest {
		t.Errorf("%d cases, want %d", count, casesAtRest)
	}
}

// Cases of a lying store: each lie about each segment; of the largest about 14.
var casesOfLies = len(lies) * (4*1 + 3*2 + 3 + 14)

func TestALyingPluginStopsTheMount(t *testing.T) {
	src, folder := startStore(t)
	if _, err := src.Stat(t.Context(), lying); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	started, count := time.Now(), 0
	for _, size := range volumetest.Sizes {
		v := newVictim(t, size)
		v.dataset.Source = src
		publish(t, filepath.Join(folder, "blob-0"), v.Good, nil)
		publish(t, filepath.Join(folder, "blob-1"), v.Other, nil)
		for _, name := range slices.Sorted(maps.Keys(lies)) {
			for _, i := range volumetest.Positions(size, int(sealed.Segments(int64(size)))) {
				count++
				what := fmt.Sprintf("%d bytes, %s, segment %d", size, name, i)
				publish(t, filepath.Join(folder, lying), fmt.Appendf(nil, "%s\n%d %d", name, i, count), nil)
				if err := lies[name].check(t, dir, v, i); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
		}
	}
	t.Logf("%d lies tried in %v; each must be refused that changes anything", count, time.Since(started).Round(time.Second))
	if count != casesOfLies {
		t.Errorf("%d cases, want %d", count, casesOfLies)
	}
}

// check reads the victim while a store tells the lie about segment i.
func (l lie) check(t *testing.T, dir string, v *victim, i int) error {
	patience := 10 * time.Second
	if l.want == fault.Unavailable {
		patience = 20 * time.Millisecond // it will not help
	}
	defer volume.Patience(patience, 15*time.Second)()
	m := mountBriefly(t, dir, v)
	defer m.Close()
	path, size := filepath.Join(dir, "a"), len(v.plain)
	var first []byte
	var err error
	from, to := near(size, i)
	if size == largest { // so that a version is known
		first, err = readThrough(path, 0, 4096)
	}
	var got []byte
	if err == nil {
		got, err = readThrough(path, from, to)
	}
	if !bytes.HasPrefix(v.plain, first) || !bytes.HasPrefix(v.plain[from:], got) {
		return errors.New("wrong bytes came out")
	}
	// What is fetched ahead of the first page may be under way before its answer is there.
	if may := size < largest || i < 100; err == nil && (l.right || l.later && may) {
		if why := m.Err(); why != nil && l.right {
			return fmt.Errorf("right bytes were refused: %w", why)
		}
		return nil
	}
	if l.right {
		return fmt.Errorf("right bytes were refused: %w, %w", err, m.Err())
	}
	return stopped(m, dir, err, l.want)
}

func TestASilentPluginStopsTheMount(t *testing.T) {
	src, folder := startStore(t)
	if _, err := src.Stat(t.Context(), lying); err != nil {
		t.Fatal(err)
	}
	v := newVictim(t, 1)
	v.dataset.Source = src
	publish(t, filepath.Join(folder, "blob-0"), v.Good, nil)
	publish(t, filepath.Join(folder, "blob-1"), v.Other, nil)
	publish(t, filepath.Join(folder, lying), []byte("silent\n0 0"), nil)
	defer volume.Patience(20*time.Millisecond, 100*time.Millisecond)()
	dir := t.TempDir()
	m := mountBriefly(t, dir, v)
	defer m.Close()
	_, err := readThrough(filepath.Join(dir, "a"), 0, 1)
	if err := stopped(m, dir, err, fault.Unavailable); err != nil {
		t.Error(err)
	}
}
