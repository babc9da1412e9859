package bench

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// What volumes hold: one large file and many small ones. Both are made of blocks whose
// bytes follow from their numbers, so that a reader can check what it got.
const (
	blockSize  = 4 << 10
	smallFiles = 10_000
	firstSmall = fileSize / blockSize // number of the first small file's block
	largeName  = "big.bin"
	smallDir   = "small"

	slotSize   = 256 << 10 // random reads take one block of each slot
	randomTime = 2 * time.Second
)

func smallName(n int) string { return fmt.Sprintf("%s/%05d.bin", smallDir, n) }

// block fills p, of blockSize bytes, with the bytes of block n.
func block(n uint64, p []byte) {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], n)
	_, _ = rand.NewChaCha8(seed).Read(p) // never fails
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pass is one way to go through a volume. It runs in a process of its own, which is the
// same for everything that is measured, and checks every byte that it gets.
type pass struct {
	Kind    string // one of passes
	Path    string // of a file or folder, or a URL
	To      string // of a copy
	Readers int
	CRC     uint32 // of the large file
	Cold    bool   // its pages leave the page cache before
}

type passed struct {
	Seconds float64 `json:"seconds"`
	Count   int64   `json:"count"` // of bytes, reads, files or entries
}

var passes = map[string]func(context.Context, pass) (int64, error){
	"sequential": sequential, "download": fetch, "random": random, "files": files, "list": list, "copy": duplicate,
}

func runPass(ctx context.Context, p pass) (r passed, err error) {
	do := passes[p.Kind]
	if do == nil {
		return r, fmt.Errorf("no pass is called %q", p.Kind)
	}
	if p.Cold {
		if err := forget(p.Path); err != nil {
			return r, err
		}
	}
	begin := time.Now()
	r.Count, err = do(ctx, p)
	r.Seconds = time.Since(begin).Seconds()
	return r, err
}

func forget(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

func sequential(_ context.Context, p pass) (int64, error) {
	f, err := os.Open(p.Path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return fileSize, checked(f, p.CRC)
}

func fetch(ctx context.Context, p pass) (int64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.Path, nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	return fileSize, checked(resp.Body, p.CRC)
}

// checked reads the large file in pieces of copySize.
func checked(r io.Reader, want uint32) error {
	h := crc32.New(castagnoli)
	n, err := io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, copySize))
	if err == nil && (n != fileSize || h.Sum32() != want) {
		err = fmt.Errorf("%d bytes with CRC32C %08x, want %d with %08x", n, h.Sum32(), fileSize, want)
	}
	return err
}

func random(ctx context.Context, p pass) (int64, error) {
	const slots, within = fileSize / slotSize, slotSize / blockSize
	chance := rand.New(rand.NewPCG(1, 2))
	order := chance.Perm(slots)
	at := make([]int, slots)
	for i := range at {
		at[i] = order[i]*within + chance.IntN(within)
	}
	end := time.Now().Add(randomTime)
	return each(ctx, p.Readers, func() (func(int) (bool, error), func() error, error) {
		f, err := os.Open(p.Path)
		if err != nil {
			return nil, nil, err
		}
		got, want := make([]byte, blockSize), make([]byte, blockSize)
		return func(i int) (bool, error) {
			if i >= len(at) || time.Now().After(end) {
				return false, nil
			}
			if _, err := f.ReadAt(got, int64(at[i])*blockSize); err != nil {
				return false, err
			}
			return true, same(got, want, uint64(at[i]))
		}, f.Close, nil
	})
}

func same(got, want []byte, n uint64) error {
	if block(n, want); !bytes.Equal(got, want) {
		return fmt.Errorf("block %d is not as it was made", n)
	}
	return nil
}

func files(ctx context.Context, p pass) (int64, error) {
	return each(ctx, p.Readers, func() (func(int) (bool, error), func() error, error) {
		want := make([]byte, blockSize)
		return func(i int) (bool, error) {
			if i >= smallFiles {
				return false, nil
			}
			got, err := os.ReadFile(filepath.Join(p.Path, smallName(i)))
			if err != nil {
				return false, err
			}
			return true, same(got, want, firstSmall+uint64(i))
		}, func() error { return nil }, nil
	})
}

// each gives the numbers from 0 on to so many goroutines until they want no more, and
// returns how many they took.
func each(ctx context.Context, readers int, begin func() (next func(int) (bool, error), end func() error, err error)) (int64, error) {
	var at, done atomic.Int64
	g, ctx := errgroup.WithContext(ctx)
	for range readers {
		g.Go(func() error {
			next, end, err := begin()
			if err != nil {
				return err
			}
			defer end()
			for ctx.Err() == nil {
				if more, err := next(int(at.Add(1) - 1)); err != nil || !more {
					return err
				}
				done.Add(1)
			}
			return nil
		})
	}
	err := g.Wait()
	return done.Load(), err
}

func list(_ context.Context, p pass) (int64, error) {
	entries, err := os.ReadDir(filepath.Join(p.Path, smallDir))
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			return 0, err
		}
		if info.Size() != blockSize {
			return 0, fmt.Errorf("%s: %d bytes, want %d", e.Name(), info.Size(), blockSize)
		}
	}
	if len(entries) != smallFiles {
		return 0, fmt.Errorf("%d entries, want %d", len(entries), smallFiles)
	}
	return smallFiles, nil
}

// duplicate writes a copy as an application writes, and closes it.
func duplicate(_ context.Context, p pass) (n int64, err error) {
	from, err := os.Open(p.Path)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	to, err := os.OpenFile(p.To, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
	}
	n, err = io.CopyBuffer(struct{ io.Writer }{to}, struct{ io.Reader }{from}, make([]byte, copySize))
	if err != nil {
		_ = to.Close() // the copy's error says more
		return n, err
	}
	return n, to.Close()
}
