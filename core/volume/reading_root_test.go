package volume_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

func TestADeepTree(t *testing.T) {
	const levels = 200
	path := strings.Repeat("d/", levels) + "f"
	dir, _ := mounted(t, &volumetest.Store{}, map[string][]byte{path: []byte("deep"), strings.Repeat("d/", levels/2) + "f": []byte("half")}, volume.Options{})
	if got, err := os.ReadFile(filepath.Join(dir, path)); err != nil || string(got) != "deep" {
		t.Errorf("at the bottom: %q, %v", got, err)
	}
	var folders, files int
	if err := filepath.WalkDir(dir, func(_ string, e os.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			folders++
		} else if err == nil {
			files++
		}
		return err
	}); err != nil || folders != levels+1 || files != 2 {
		t.Errorf("a walk found %d folders and %d files, %v; want %d and 2", folders, files, err, levels+1)
	}
}

func TestAFolderOfManyFiles(t *testing.T) {
	const many, middle = 100_000, "d/f051234"
	s, dek := &volumetest.Store{}, volumetest.Key(t, 1)
	m := volumetest.Seal(t, s, dek, 1, map[string][]byte{middle: []byte("middle")})
	one, err := m.At(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	all := make([]sealed.Entry, many)
	for i := range all { // only the one in the middle is opened
		all[i] = one
		all[i].Path = fmt.Sprintf("d/f%06d", i)
	}
	m = volumetest.Manifest(t, "north", 1, dek, all)
	dir, _ := mountDataset(t, volume.Dataset{Name: "north", Manifest: m, Source: s, DEK: dek}, volume.Options{})
	f, err := os.Open(filepath.Join(dir, "d"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	if len(slices.Compact(names)) != many || err != nil || names[0] != "f000000" || names[many-1] != "f099999" {
		t.Errorf("%d names, %v; want %d", len(names), err, many)
	}
	if got, err := os.ReadFile(filepath.Join(dir, middle)); err != nil || string(got) != "middle" {
		t.Errorf("%s: %q, %v", middle, got, err)
	}
}

// endless is a store of one sealed file of any size: it seals each segment when it is asked
// for, by the format's description alone, and its plaintext says at each place where it is.
type endless struct {
	size   int64
	header []byte
	aead   cipher.AEAD
}

func newEndless(t *testing.T, size int64) (*endless, volume.Dataset) {
	t.Helper()
	header := append([]byte{sealed.HeaderSize}, volumetest.Bytes(sealed.HeaderSize-1, 1)...)
	raw := bytes.Repeat([]byte{1}, sealed.KeySize) // as volumetest.Key(t, 1)
	key, err := hkdf.Key(sha256.New, raw, header[1:33], string(sealed.FileContext("north", "big", 1)), sealed.KeySize)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	e := &endless{size, header, aead}
	m := volumetest.Manifest(t, "north", 1, volumetest.Key(t, 1), []sealed.Entry{{Path: "big", Blob: "blob-0", Size: size, Header: header, SHA256: digest.Of(nil)}})
	return e, volume.Dataset{Name: "north", Manifest: m, Source: e, DEK: volumetest.Key(t, 1)}
}

// plain fills p with what the file holds from off on.
func (*endless) plain(p []byte, off int64) {
	var word [8]byte
	for i := range p {
		at := off + int64(i)
		if i == 0 || at%8 == 0 {
			binary.LittleEndian.PutUint64(word[:], uint64(at/8)*0x9e3779b97f4a7c15)
		}
		p[i] = word[at%8]
	}
}

func (e *endless) Stat(_ context.Context, name string) (object.Info, error) {
	return object.Info{Name: name, Size: sealed.SealedSize(e.size), ETag: `"1"`}, nil
}

func (e *endless) ReadRange(_ context.Context, _ object.Info, off int64, p []byte) error {
	last := sealed.Segments(e.size) - 1
	for n := 0; n < len(p); {
		i := (off + int64(n)) / sealed.SegmentSize
		from := sealed.PlainStart(i)
		plain := make([]byte, min(sealed.PlainStart(i+1), e.size)-from)
		e.plain(plain, from)
		nonce := append(slices.Clone(e.header[33:]), 0, 0, 0, 0, 0)
		binary.BigEndian.PutUint32(nonce[7:], uint32(i))
		var segment []byte
		if i == 0 {
			segment = append(segment, e.header...)
		}
		if i == last {
			nonce[11] = 1
		}
		segment = e.aead.Seal(segment, nonce, plain, nil)
		n += copy(p[n:], segment[off+int64(n)-i*sealed.SegmentSize:])
	}
	return nil
}

func TestAFileLargerThanMemory(t *testing.T) {
	const size = 40<<30 + 12345
	e, ds := newEndless(t, size)
	dir, m := mountDataset(t, ds, volume.Options{CacheBytes: 8 << 20})
	f, err := os.Open(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || st.Size() != size {
		t.Errorf("stat = %v, %v; want %d bytes", st, err, int64(size))
	}
	r := rand.New(rand.NewPCG(1, 2))
	places := []int64{0, 1<<31 - 1, 1<<32 - 1, 1<<32 + 1, size - 1, size - 70_000}
	for range 200 {
		places = append(places, r.Int64N(size))
	}
	for _, off := range places {
		p := make([]byte, 1+r.IntN(100_000))
		n, _ := f.ReadAt(p, off)
		want := make([]byte, min(int64(len(p)), size-off))
		if e.plain(want, off); !bytes.Equal(p[:n], want) {
			t.Fatalf("%d bytes at %d differ (got %d)", len(want), off, n)
		}
	}
	if err := m.Err(); err != nil {
		t.Error(err)
	}
}

func TestAStoreThatComesBackIsNoFaultOfAMount(t *testing.T) {
	var asked atomic.Int64
	s := &volumetest.Store{OnRead: func(context.Context, object.Info, int64, []byte) error {
		if asked.Add(1) <= 3 {
			return fault.New(fault.Unavailable, "store", "connection refused")
		}
		return nil
	}}
	defer volume.Hurry()()
	plain := volumetest.Bytes(100_000, 1)
	dir, m := mounted(t, s, map[string][]byte{"a": plain}, volume.Options{})
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("ReadFile = %d bytes, %v", len(got), err)
	}
	if err := m.Err(); err != nil || m.Stats().Retries == 0 {
		t.Errorf("the mount: %v, after %d retries", err, m.Stats().Retries)
	}
}

// A reader that waits for a store which says nothing ends at once with a signal.
func TestAKilledReaderEndsThoughTheStoreIsSilent(t *testing.T) {
	asked, speak := make(chan struct{}, 1000), make(chan struct{})
	s := &volumetest.Store{OnRead: func(ctx context.Context, _ object.Info, _ int64, _ []byte) error {
		asked <- struct{}{}
		select {
		case <-speak:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}}
	plain := volumetest.Bytes(1<<20, 1)
	dir, m := mounted(t, s, map[string][]byte{"a": plain}, volume.Options{})
	cmd := exec.Command("/proc/self/exe", filepath.Join(dir, "a"))
	cmd.Env = []string{helperRole + "=direct"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-asked
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // hangs, and the test with it, if the reader cannot be killed
	if ws := cmd.ProcessState.Sys().(syscall.WaitStatus); !ws.Signaled() || ws.Signal() != syscall.SIGKILL {
		t.Errorf("the reader ended with %v, want SIGKILL", cmd.ProcessState)
	}
	close(speak)
	if got, err := os.ReadFile(filepath.Join(dir, "a")); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("another reader after it: %d bytes, %v", len(got), err)
	}
	if err := m.Err(); err != nil {
		t.Errorf("a killed reader stopped the mount: %v", err)
	}
}
