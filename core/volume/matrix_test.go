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

// The tamper matrix is kinds × positions × sizes: of the bytes at rest here, of a lying store in
// lies_root_test.go. Sizes are of the plaintext, in bytes: about the ends of the first two
// segments, and one of a thousand segments.
var matrixSizes = []int{0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, largest}

const largest = 64 << 20

// Cases at rest: 61 of the empty file, 64 each of the three others with one segment, 79 each of
// the three with two, 95 of the one with three, 242 of the largest.
const casesAtRest = 61 + 3*64 + 3*79 + 95 + casesOfLargest

const casesOfLargest = 242

// positions are all n of them, and of the largest file the first three, the last three and
// every power of two.
func positions(size, n int) (at []int) {
	for i := range n {
		if size < largest || i < 3 || i >= n-3 || i&(i-1) == 0 {
			at = append(at, i)
		}
	}
	return at
}

// victim is a sealed file, and what a store could put in its place. Everything is under one key.
type victim struct {
	plain, good []byte
	other       []byte // another file of the dataset, of the same size
	old         []byte // the file in the version before
	again       []byte // the file sealed once more
	store       *volumetest.Store
	dataset     volume.Dataset // of two files: blob-0 is the victim, blob-1 the other
	calm        []byte         // plaintext of the second
}

func newVictim(t testing.TB, n int) *victim {
	t.Helper()
	dek := volumetest.Key(t, 1)
	v := &victim{plain: volumetest.Bytes(n, 1), calm: volumetest.Bytes(n, 2), store: &volumetest.Store{}}
	files := map[string][]byte{"a": v.plain, "b": v.calm}
	var s volumetest.Store
	volumetest.Seal(t, &s, dek, 1, files)
	v.old = s.Get("blob-0")
	volumetest.Seal(t, &s, dek, 2, files)
	v.again = s.Get("blob-0")
	v.dataset = volume.Dataset{Name: "north", Manifest: volumetest.Seal(t, v.store, dek, 2, files), Source: v.store, DEK: dek}
	v.good, v.other = v.store.Get("blob-0"), v.store.Get("blob-1")
	return v
}

func segmentsOf(size int) int { return int(sealed.Segments(int64(size))) }

// segment is where segment i lies, of the first without the header: what its tag is over, and the tag.
func segment(b []byte, i int) []byte {
	from, to := i*sealed.SegmentSize, min((i+1)*sealed.SegmentSize, len(b))
	if i == 0 {
		from = sealed.HeaderSize
	}
	return b[from:to]
}

const tagSize = 16 // of AES-GCM

// change is one way in which a stored file can be another.
type change struct {
	// at is how many positions a file of so many bytes and segments has.
	at func(size, segments int) int
	// to changes b, a copy of the good file, and says which segment is the first that is not right.
	to func(v *victim, b []byte, i int) (changed []byte, segment int)
}

func once(int, int) int              { return 1 }
func each(_, segments int) int       { return segments }
func eachButOne(_, segments int) int { return segments - 1 }
func eachFull(size, segments int) int {
	if size == 0 {
		return 0
	}
	return segments
}

func flip(at func(ciphertext int) int) func(*victim, []byte, int) ([]byte, int) {
	return func(_ *victim, b []byte, i int) ([]byte, int) {
		s := segment(b, i)
		s[at(len(s)-tagSize)] ^= 1
		return b, i
	}
}

func splice(from func(*victim) []byte) func(*victim, []byte, int) ([]byte, int) {
	return func(v *victim, b []byte, i int) ([]byte, int) {
		copy(segment(b, i), segment(from(v), i))
		return b, i
	}
}

func whole(from func(*victim) []byte) change {
	return change{once, func(v *victim, b []byte, _ int) ([]byte, int) { return append(b[:0], from(v)...), 0 }}
}

func other(v *victim) []byte { return v.other }
func old(v *victim) []byte   { return v.old }
func again(v *victim) []byte { return v.again }

// pair is the kth of all pairs i < j.
func pair(k int) (i, j int) {
	for j = 1; k >= j; j++ {
		k -= j
	}
	return k, j
}

// atRest are the changes of what a store holds. All are Tampered: a store that answers with
// them answers, but not with what was published.
var atRest = map[string]change{
	"a flipped byte of the header": {func(int, int) int { return sealed.HeaderSize }, // length, salt, nonce prefix
		func(_ *victim, b []byte, i int) ([]byte, int) { b[i] ^= 1; return b, 0 }},
	"a flip in the first byte of a segment": {eachFull, flip(func(int) int { return 0 })},
	"a flip in the middle of a segment":     {eachFull, flip(func(n int) int { return n / 2 })},
	"a flip in the last byte of a segment":  {eachFull, flip(func(n int) int { return n - 1 })},
	"a flip in the first byte of a tag":     {each, flip(func(n int) int { return n })},
	"a flip in the last byte of a tag":      {each, flip(func(n int) int { return n + tagSize - 1 })},
	"a zeroed segment":                      {each, func(_ *victim, b []byte, i int) ([]byte, int) { clear(segment(b, i)); return b, i }},
	"a zeroed header":                       {once, func(_ *victim, b []byte, _ int) ([]byte, int) { clear(b[:sealed.HeaderSize]); return b, 0 }},
	"a splice from another file":            {each, splice(other)},
	"a splice from the version before":      {each, splice(old)},
	"a splice from another sealing":         {each, splice(again)},
	"two segments swapped": {func(_, n int) int { return n * (n - 1) / 2 }, func(_ *victim, b []byte, k int) ([]byte, int) {
		i, j := pair(k)
		first, second := bytes.Clone(segment(b, i)), bytes.Clone(segment(b, j))
		from, to := i*sealed.SegmentSize, min((j+1)*sealed.SegmentSize, len(b))
		if i == 0 {
			from = sealed.HeaderSize
		}
		between := bytes.Clone(b[(i+1)*sealed.SegmentSize : j*sealed.SegmentSize])
		copy(b[from:to], bytes.Join([][]byte{second, between, first}, nil)) // they may differ in length
		return b, i
	}},
	"a segment in the next one's place": {eachButOne, func(_ *victim, b []byte, i int) ([]byte, int) {
		copy(segment(b, i+1), segment(b, i))
		return b, i + 1
	}},
	"a segment twice": {each, func(_ *victim, b []byte, i int) ([]byte, int) {
		end := min((i+1)*sealed.SegmentSize, len(b))
		rest := append(bytes.Clone(segment(b, i)), b[end:]...)
		return append(b[:end], rest...), i
	}},
	"a segment taken out": {each, func(_ *victim, b []byte, i int) ([]byte, int) {
		s := segment(b, i)
		at := min((i+1)*sealed.SegmentSize, len(b)) - len(s)
		return append(b[:at], b[at+len(s):]...), i
	}},
	"a cut before a segment": {eachButOne, func(_ *victim, b []byte, i int) ([]byte, int) { return b[:(i+1)*sealed.SegmentSize], i }},
	"a cut in a segment": {each, func(_ *victim, b []byte, i int) ([]byte, int) {
		return b[:min((i+1)*sealed.SegmentSize, len(b))-len(segment(b, i))/2], i
	}},
	"only the header":       {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return b[:sealed.HeaderSize], 0 }},
	"the last byte cut off": {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return b[:len(b)-1], 0 }},
	"the last tag cut off":  {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return b[:len(b)-tagSize], 0 }},
	"emptied":               {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return b[:0], 0 }},
	"a byte more":           {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return append(b, 0), 0 }},
	"a tag more":            {once, func(_ *victim, b []byte, _ int) ([]byte, int) { return append(b, b[len(b)-tagSize:]...), 0 }},
	"a segment more": {once, func(_ *victim, b []byte, _ int) ([]byte, int) {
		return append(b, make([]byte, sealed.SegmentSize)...), 0
	}},
	"swapped with another file":    whole(other),
	"rolled back":                  whole(old),
	"another sealing in its place": whole(again),
	"deleted":                      {once, func(*victim, []byte, int) ([]byte, int) { return nil, 0 }},
}

// eachAtRest calls f for every case, and then with no change, which must read right. The
// changed bytes are the callee's until it returns; nil is for a file that is gone.
func eachAtRest(t *testing.T, sizes []int, f func(t *testing.T, v *victim, what string, changed []byte, segment int, right bool)) (count int) {
	for _, size := range sizes {
		v := newVictim(t, size)
		scratch := make([]byte, 0, len(v.good)+2*sealed.SegmentSize)
		for name, c := range atRest {
			for _, i := range positions(size, c.at(size, segmentsOf(size))) {
				bad, at := c.to(v, append(scratch[:0], v.good...), i)
				f(t, v, fmt.Sprintf("%d bytes, %s, position %d", size, name, i), bad, at, false)
				count++
			}
		}
		f(t, v, fmt.Sprintf("%d bytes as they were", size), v.good, 0, true)
	}
	return count
}

// near is what is read of a file with a fault in segment i: all of a small one, of the
// largest what is around it.
func near(size, i int) (from, to int64) {
	if size < largest {
		return 0, int64(size)
	}
	return sealed.PlainStart(int64(max(0, i-1))), min(int64(size), sealed.PlainStart(int64(i+2)))
}

func TestChangesAtRestAreTampered(t *testing.T) {
	count := eachAtRest(t, matrixSizes, func(t *testing.T, v *victim, what string, changed []byte, segment int, right bool) {
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
	t.Logf("%d changed files, all refused", count)
	if count != casesAtRest {
		t.Errorf("%d cases, want %d", count, casesAtRest)
	}
}
