package volume_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// viewOf seals the files into s and opens a view of them.
func viewOf(t testing.TB, s *volumetest.Store, cacheBytes int64, files map[string][]byte) *volume.View {
	t.Helper()
	dek := volumetest.Key(t, 1)
	v := volume.NewView(volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, s, dek, 1, files), Source: s, DEK: dek}, cacheBytes)
	t.Cleanup(v.Close)
	return v
}

func TestReadsOfAnySizeAndPlace(t *testing.T) {
	plain := volumetest.Bytes(9_000_001, 1)
	v := viewOf(t, &volumetest.Store{}, 4<<20, map[string][]byte{"big": plain})
	for _, step := range []int{4096, 65_520, 131_072, 1 << 20, 3_000_000} {
		if got, err := v.ReadAll(t.Context(), 0, step); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("steps of %d: %d bytes, %v", step, len(got), err)
		}
	}
	r, err := v.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var wg sync.WaitGroup
	for g := range uint64(16) {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(g, 1))
			p := make([]byte, 200_000)
			for range 60 {
				off, n := rnd.IntN(len(plain)+10), rnd.IntN(len(p))
				m, err := r.Read(t.Context(), p[:n], int64(off))
				if want := plain[min(off, len(plain)):min(off+n, len(plain))]; err != nil || !bytes.Equal(p[:m], want) {
					t.Errorf("read(%d, %d) = %d bytes, %v", off, n, m, err)
				}
			}
		})
	}
	wg.Wait()
	if have, limit := v.Buffers(); have > limit {
		t.Errorf("%d buffers, the limit is %d", have, limit)
	}
}

func TestSequentialReadsAskInLargeRangesAndRandomOnesInSmall(t *testing.T) {
	plain := volumetest.Bytes(32<<20, 1)
	var largest atomic.Int64
	s := &volumetest.Store{OnRead: func(_ context.Context, _ object.Info, _ int64, p []byte) error {
		for old := largest.Load(); int64(len(p)) > old && !largest.CompareAndSwap(old, int64(len(p))); old = largest.Load() {
		}
		return nil
	}}
	v := viewOf(t, s, 64<<20, map[string][]byte{"big": plain})
	r, err := v.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p := make([]byte, 4096)
	for i := range 6 {
		if _, err := r.Read(t.Context(), p, int64(len(plain)-(i+1)*5_000_000)); err != nil {
			t.Fatal(err)
		}
	}
	if n := largest.Load(); n > 2*sealed.SegmentSize {
		t.Errorf("a random read of 4 KiB asked for %d bytes", n)
	}
	before := v.Requests()
	if _, err := v.ReadAll(t.Context(), 0, 128<<10); err != nil {
		t.Fatal(err)
	}
	if n := v.Requests() - before; n > 40 {
		t.Errorf("32 MiB in sequence took %d requests", n)
	}
}

func TestOnlyUnavailableIsAskedForAgain(t *testing.T) {
	for kind, again := range map[fault.Kind]bool{fault.Unavailable: true, fault.Denied: false, fault.Tampered: false, fault.Internal: false} {
		t.Run(kind.String(), func(t *testing.T) {
			var calls atomic.Int64
			s := &volumetest.Store{OnRead: func(context.Context, object.Info, int64, []byte) error {
				calls.Add(1)
				return fault.New(kind, "store", "no")
			}}
			v := viewOf(t, s, 0, map[string][]byte{"a": {1}})
			_, err := v.ReadAll(t.Context(), 0, 10)
			if n := calls.Load(); fault.KindOf(err) != kind || err == nil || again != (n > 1) {
				t.Errorf("ReadAll = %v after %d calls, want %v, asked again: %t", err, n, kind, again)
			}
		})
	}
}

func TestAStoreThatComesBackIsNoFault(t *testing.T) {
	plain := volumetest.Bytes(500_000, 1)
	var calls atomic.Int64
	s := &volumetest.Store{OnRead: func(context.Context, object.Info, int64, []byte) error {
		if calls.Add(1)%3 != 0 {
			return fault.New(fault.Unavailable, "store", "busy")
		}
		return nil
	}}
	v := viewOf(t, s, 0, map[string][]byte{"a": plain})
	if got, err := v.ReadAll(t.Context(), 0, 1<<20); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
}

func TestAnInterruptedReaderLeavesTheOthers(t *testing.T) {
	plain := volumetest.Bytes(300_000, 1)
	asked, gate := make(chan struct{}, 100), make(chan struct{})
	s := &volumetest.Store{OnRead: func(context.Context, object.Info, int64, []byte) error {
		asked <- struct{}{}
		<-gate
		return nil
	}}
	v := viewOf(t, s, 0, map[string][]byte{"a": plain})
	r, err := v.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := r.Read(ctx, make([]byte, 10), 0); gone <- err }()
	<-asked
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted read = %v", err)
	}
	close(gate)
	if got, err := v.ReadAll(t.Context(), 0, 4096); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
}

func TestManySmallFiles(t *testing.T) {
	files := map[string][]byte{}
	for i := range 300 {
		files[fmt.Sprintf("d%d/f%03d", i%7, i)] = volumetest.Bytes(i*17, byte(i))
	}
	v := viewOf(t, &volumetest.Store{}, 0, files)
	i := 0
	for d := range 7 {
		for n := d; n < 300; n += 7 {
			got, err := v.ReadAll(t.Context(), i, 4096)
			if want := files[fmt.Sprintf("d%d/f%03d", d, n)]; err != nil || !bytes.Equal(got, want) {
				t.Errorf("file %d: %d bytes, %v", n, len(got), err)
			}
			i++
		}
	}
}
