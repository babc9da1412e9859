package volume_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// checkRefused reads the victim in full: the fault must show, and no wrong byte before it.
func checkRefused(t *testing.T, what string, ds volume.Dataset, plain []byte, want ...fault.Kind) {
	t.Helper()
	v := volume.NewView(ds, 0)
	defer v.Close()
	got, err := v.ReadAll(t.Context(), 0, 100_000)
	if !bytes.HasPrefix(plain, got) {
		t.Errorf("%s: wrong bytes came out", what)
	}
	if err == nil {
		t.Errorf("%s: was not noticed", what)
		return
	}
	for _, k := range want {
		if fault.KindOf(err) == k {
			return
		}
	}
	t.Errorf("%s: %v is %v, want %v", what, err, fault.KindOf(err), want)
}

func TestALyingStoreIsRefused(t *testing.T) {
	const n = 400_000
	for name, lie := range map[string]struct {
		arm  func(s *volumetest.Store)
		want fault.Kind
	}{
		"deletes the object": {func(s *volumetest.Store) { s.Remove("blob-0") }, fault.Tampered},
		"deletes it while it is open": {func(s *volumetest.Store) {
			s.OnStat = func(*object.Info) error { s.Remove("blob-0"); return nil }
		}, fault.Tampered},
		"changes it while it is open": {func(s *volumetest.Store) {
			s.OnStat = func(*object.Info) error { s.Set("blob-0", s.Get("blob-0")); return nil }
		}, fault.Tampered},
		"cuts it while it is open": {func(s *volumetest.Store) {
			s.OnStat = func(*object.Info) error { s.Corrupt("blob-0", func(b []byte) []byte { return b[:100] }); return nil }
		}, fault.Tampered},
		"says another size": {func(s *volumetest.Store) {
			s.OnStat = func(o *object.Info) error { o.Size++; return nil }
		}, fault.Tampered},
		"gives another range": {func(s *volumetest.Store) {
			s.OnRead = func(_ context.Context, o object.Info, off int64, p []byte) error {
				copy(p, s.Get(o.Name)[min(off+sealed.SegmentSize, n/2):])
				return nil
			}
		}, fault.Tampered},
		"gives the beginning for every range": {func(s *volumetest.Store) {
			s.OnRead = func(_ context.Context, o object.Info, _ int64, p []byte) error {
				copy(p[1:], s.Get(o.Name))
				return nil
			}
		}, fault.Tampered},
		"leaves the range empty": {func(s *volumetest.Store) {
			s.OnRead = func(_ context.Context, _ object.Info, _ int64, p []byte) error { clear(p); return nil }
		}, fault.Tampered},
		"breaks off": {func(s *volumetest.Store) {
			s.OnRead = func(context.Context, object.Info, int64, []byte) error {
				return fault.New(fault.Unavailable, "store", "%w", io.ErrUnexpectedEOF)
			}
		}, fault.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			v := newVictim(t, n)
			lie.arm(v.store)
			checkRefused(t, name, v.dataset, v.plain, lie.want)
		})
	}
}

func TestAnAddedObjectIsNotSeen(t *testing.T) {
	c := newVictim(t, 1000)
	c.store.Set("blob-2", c.Other)
	v := volume.NewView(c.dataset, 0)
	defer v.Close()
	if got, err := v.ReadAll(t.Context(), 0, 4096); err != nil || !bytes.Equal(got, c.plain) {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
	if n := c.dataset.Manifest.Len(); n != 2 {
		t.Errorf("the manifest has %d entries", n)
	}
}

// A change that read-ahead meets stops the room even if nobody asks for it.
func TestReadAheadReportsChanges(t *testing.T) {
	c := newVictim(t, 3_000_000)
	volumetest.Segment(c.Good, 20)[9] ^= 1
	v := volume.NewView(c.dataset, 0)
	defer v.Close()
	r, err := v.Open(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for off := int64(0); off < 800_000; off += 200_000 {
		if _, err := r.Read(t.Context(), make([]byte, 200_000), off); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-v.Faults; fault.KindOf(err) != fault.Tampered {
		t.Errorf("fault = %v", err)
	}
}

// A store that says of an object, such as a manifest, that it is larger than any can be gets
// no memory for it, and is not read.
func TestAnObjectAboveItsLimitIsTampered(t *testing.T) {
	for name, tc := range map[string]struct {
		says  int64 // of 100 bytes
		limit int64
		right bool
	}{
		"as large as may be": {100, 100, true},
		"one byte more":      {100, 99, false},
		"what it is not":     {1 << 62, 1 << 30, false},
		"below nothing":      {-1, 100, false},
	} {
		t.Run(name, func(t *testing.T) {
			reads := 0
			s := &volumetest.Store{
				OnStat: func(o *object.Info) error { o.Size = tc.says; return nil },
				OnRead: func(context.Context, object.Info, int64, []byte) error { reads++; return nil },
			}
			s.Set("m", make([]byte, 100))
			_, whole := volume.ReadObject(t.Context(), s, "m", tc.limit)
			_, opened := volume.OpenObject(t.Context(), s, "m", tc.limit)
			for call, err := range map[string]error{"ReadObject": whole, "OpenObject": opened} {
				if tc.right != (err == nil) || err != nil && fault.KindOf(err) != fault.Tampered {
					t.Errorf("%s = %v (%v)", call, err, fault.KindOf(err))
				}
			}
			if !tc.right && reads > 0 {
				t.Errorf("it was read %d times", reads)
			}
		})
	}
}
