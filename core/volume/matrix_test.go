package volume_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// The tamper matrix, of the bytes at rest, in memory here, in matrix_root_test.go through plugin
// and mount; and there of a lying store. The kinds are volumetest's.
const largest = volumetest.Largest

// victim is a sealed file, and what a store could put in its place. Everything is under one key.
type victim struct {
	volumetest.Sealed
	plain   []byte
	store   *volumetest.Store
	dataset volume.Dataset // of two files: blob-0 is the victim, blob-1 the other
}

func newVictim(t testing.TB, n int) *victim {
	t.Helper()
	dek := volumetest.Key(t, 1)
	v := &victim{plain: volumetest.Bytes(n, 1), store: &volumetest.Store{}}
	files := map[string][]byte{"a": v.plain, "b": volumetest.Bytes(n, 2)}
	var s volumetest.Store
	volumetest.Seal(t, &s, dek, 1, files)
	v.Old = s.Get("blob-0")
	volumetest.Seal(t, &s, dek, 2, files)
	v.Again = s.Get("blob-0")
	v.dataset = volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, v.store, dek, 2, files), Source: v.store, DEK: dek}
	v.Good, v.Other = v.store.Get("blob-0"), v.store.Get("blob-1")
	return v
}

// eachAtRest calls f for every case, and then with no change, which must read right.
func eachAtRest(t *testing.T, f func(t *testing.T, v *victim, what string, changed []byte, segment int, right bool)) (count int) {
	for _, size := range volumetest.Sizes {
		v := newVictim(t, size)
		count += volumetest.EachChange(size, &v.Sealed, func(what string, changed []byte, segment int) {
			f(t, v, what, changed, segment, false)
		})
		f(t, v, fmt.Sprintf("%d bytes as they were", size), v.Good, 0, true)
	}
	return count
}

const casesAtRest = volumetest.CasesBelowLargest + volumetest.CasesOfLargest

// near is what is read of a file with a fault in segment i: all of a small one, of the
// largest what is around it.
func near(size, i int) (from, to int64) {
	if size < largest {
		return 0, int64(size)
	}
	return sealed.PlainStart(int64(max(0, i-1))), min(int64(size), sealed.PlainStart(int64(i+2)))
}

func TestChangesAtRestAreTampered(t *testing.T) {
	count := eachAtRest(t, func(t *testing.T, v *victim, what string, changed []byte, segment int, right bool) {
		if changed == nil {
			v.store.Remove("blob-0")
		} else {
			v.store.Set("blob-0", changed)
		}
		view := volume.NewView(v.dataset, 0)
		defer view.Close()
		from, to := near(len(v.plain), segment)
		if right {
			from, to = 0, int64(len(v.plain))
		}
		got, err := view.ReadPart(t.Context(), 0, from, to, 100_000)
		switch {
		case !bytes.HasPrefix(v.plain[from:], got):
			t.Errorf("%s: wrong bytes came out", what)
		case right && (err != nil || int64(len(got)) != to-from):
			t.Errorf("%s: %d bytes, %v; want all", what, len(got), err)
		case !right && (err == nil || fault.KindOf(err) != fault.Tampered):
			t.Errorf("%s: %d bytes, %v (%v); want Tampered", what, len(got), err, fault.KindOf(err))
		}
	})
	t.Logf("%d changed files tried; each must be refused", count)
	if count != casesAtRest {
		t.Errorf("%d cases, want %d", count, casesAtRest)
	}
}
