package volume_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// The dataset of the tamper table: blob-0 is the victim, blob-1 another file of
// the same dataset, old-0 the victim of the version before, and again-0 the
// victim sealed once more under the same key and context.
func tamperStore(t *testing.T, n int) (*volumetest.Store, volume.Dataset, []byte) {
	t.Helper()
	dek, plain := volumetest.Key(t, 1), volumetest.Bytes(n, 1)
	s, old, again := &volumetest.Store{}, &volumetest.Store{}, &volumetest.Store{}
	files := map[string][]byte{"a": plain, "b": volumetest.Bytes(n, 2)}
	volumetest.Seal(t, old, dek, 1, files)
	volumetest.Seal(t, again, dek, 2, files)
	m := volumetest.Seal(t, s, dek, 2, files)
	s.Set("old-0", old.Get("blob-0"))
	s.Set("again-0", again.Get("blob-0"))
	return s, volume.Dataset{Name: "north", Manifest: m, Source: s, DEK: dek}, plain
}

func part(b []byte, i int) []byte {
	return b[i*sealed.SegmentSize : min((i+1)*sealed.SegmentSize, len(b))]
}

// A change is of the bytes at rest; it reports whether it exists for the segment.
var atRest = map[string]func(s *volumetest.Store, b []byte, i int) ([]byte, bool){
	"flip": func(_ *volumetest.Store, b []byte, i int) ([]byte, bool) {
		p := part(b, i)
		p[len(p)/2] ^= 1
		return b, true
	},
	"zero":  func(_ *volumetest.Store, b []byte, i int) ([]byte, bool) { clear(part(b, i)); return b, true },
	"cut":   func(_ *volumetest.Store, b []byte, i int) ([]byte, bool) { return b[:i*sealed.SegmentSize+1], true },
	"empty": func(*volumetest.Store, []byte, int) ([]byte, bool) { return nil, true },
	"grow":  func(_ *volumetest.Store, b []byte, _ int) ([]byte, bool) { return append(b, 0), true },
	"swap": func(_ *volumetest.Store, b []byte, i int) ([]byte, bool) {
		if i == 0 || (i+2)*sealed.SegmentSize > len(b) {
			return nil, false
		}
		first := bytes.Clone(part(b, i))
		copy(part(b, i), part(b, i+1))
		copy(part(b, i+1), first)
		return b, true
	},
	"repeat": func(_ *volumetest.Store, b []byte, i int) ([]byte, bool) {
		if (i+2)*sealed.SegmentSize > len(b) {
			return nil, false
		}
		copy(part(b, i+1), part(b, i))
		return b, true
	},
	"splice from another file": func(s *volumetest.Store, b []byte, i int) ([]byte, bool) {
		copy(part(b, i), part(s.Get("blob-1"), i))
		return b, true
	},
	"splice from the old version": func(s *volumetest.Store, b []byte, i int) ([]byte, bool) {
		copy(part(b, i), part(s.Get("old-0"), i))
		return b, true
	},
	"swap with another file":    func(s *volumetest.Store, _ []byte, _ int) ([]byte, bool) { return s.Get("blob-1"), true },
	"roll back":                 func(s *volumetest.Store, _ []byte, _ int) ([]byte, bool) { return s.Get("old-0"), true },
	"swap with another sealing": func(s *volumetest.Store, _ []byte, _ int) ([]byte, bool) { return s.Get("again-0"), true },
}

func TestChangesAtRestAreTampered(t *testing.T) {
	count := 0
	for _, n := range []int{0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, 1_500_000} {
		s, ds, plain := tamperStore(t, n)
		good := s.Get("blob-0")
		for name, change := range atRest {
			for i := range int(sealed.Segments(int64(n))) {
				bad, ok := change(s, bytes.Clone(good), i)
				if !ok {
					continue
				}
				s.Corrupt("blob-0", func([]byte) []byte { return bad })
				count++
				checkRefused(t, fmt.Sprintf("%d bytes, %s, segment %d", n, name, i), ds, plain, fault.Tampered)
			}
		}
	}
	t.Logf("%d changed datasets, all refused", count)
}

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
			s, ds, plain := tamperStore(t, n)
			lie.arm(s)
			checkRefused(t, name, ds, plain, lie.want)
		})
	}
}

func TestAnAddedObjectIsNotSeen(t *testing.T) {
	s, ds, plain := tamperStore(t, 1000)
	s.Set("blob-2", s.Get("blob-1"))
	v := volume.NewView(ds, 0)
	defer v.Close()
	if got, err := v.ReadAll(t.Context(), 0, 4096); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("ReadAll = %d bytes, %v", len(got), err)
	}
	if n := len(ds.Manifest.Entries); n != 2 {
		t.Errorf("the manifest has %d entries", n)
	}
}

// A change that read-ahead meets stops the room even if nobody asks for it.
func TestReadAheadReportsChanges(t *testing.T) {
	s, ds, _ := tamperStore(t, 3_000_000)
	s.Corrupt("blob-0", func(b []byte) []byte { part(b, 20)[9] ^= 1; return b })
	v := volume.NewView(ds, 0)
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
