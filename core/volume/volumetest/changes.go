package volumetest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

// The tamper matrix is kinds × positions × sizes of plaintext, in bytes: about the ends of the
// first two segments, and a thousand segments.
var Sizes = []int{0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, Largest}

// Largest is the size from which on not every position is tried.
const Largest = 64 << 20

// Cases of EachChange: 61 of the empty file, 64 each of the three others with one segment, 79
// each of the three with two, 95 of the one with three; and those of Largest.
const (
	CasesBelowLargest = 61 + 3*64 + 3*79 + 95
	CasesOfLargest    = 242
)

// Positions are all n of them, and of the largest file the first three, the last three and
// every power of two.
func Positions(size, n int) (at []int) {
	for i := range n {
		if size < Largest || i < 3 || i >= n-3 || i&(i-1) == 0 {
			at = append(at, i)
		}
	}
	return at
}

// Sealed is a sealed file, and what a store could put in its place, all of the same plaintext size.
type Sealed struct {
	Good  []byte
	Other []byte // another file, under the same key
	Old   []byte // the file in a version before
	Again []byte // the file sealed once more
}

// Segment is where segment i lies, of the first without the header: what its tag is over, and the tag.
func Segment(b []byte, i int) []byte {
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
	to func(v *Sealed, b []byte, i int) (changed []byte, segment int)
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

func flip(at func(ciphertext int) int) func(*Sealed, []byte, int) ([]byte, int) {
	return func(_ *Sealed, b []byte, i int) ([]byte, int) {
		s := Segment(b, i)
		s[at(len(s)-tagSize)] ^= 1
		return b, i
	}
}

func splice(from func(*Sealed) []byte) func(*Sealed, []byte, int) ([]byte, int) {
	return func(v *Sealed, b []byte, i int) ([]byte, int) {
		copy(Segment(b, i), Segment(from(v), i))
		return b, i
	}
}

func whole(from func(*Sealed) []byte) change {
	return change{once, func(v *Sealed, b []byte, _ int) ([]byte, int) { return append(b[:0], from(v)...), 0 }}
}

func other(v *Sealed) []byte { return v.Other }
func old(v *Sealed) []byte   { return v.Old }
func again(v *Sealed) []byte { return v.Again }

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
		func(_ *Sealed, b []byte, i int) ([]byte, int) { b[i] ^= 1; return b, 0 }},
	"a flip in the first byte of a segment": {eachFull, flip(func(int) int { return 0 })},
	"a flip in the middle of a segment":     {eachFull, flip(func(n int) int { return n / 2 })},
	"a flip in the last byte of a segment":  {eachFull, flip(func(n int) int { return n - 1 })},
	"a flip in the first byte of a tag":     {each, flip(func(n int) int { return n })},
	"a flip in the last byte of a tag":      {each, flip(func(n int) int { return n + tagSize - 1 })},
	"a zeroed segment":                      {each, func(_ *Sealed, b []byte, i int) ([]byte, int) { clear(Segment(b, i)); return b, i }},
	"a zeroed header":                       {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { clear(b[:sealed.HeaderSize]); return b, 0 }},
	"a splice from another file":            {each, splice(other)},
	"a splice from the version before":      {each, splice(old)},
	"a splice from another sealing":         {each, splice(again)},
	"two segments swapped": {func(_, n int) int { return n * (n - 1) / 2 }, func(_ *Sealed, b []byte, k int) ([]byte, int) {
		i, j := pair(k)
		first, second := bytes.Clone(Segment(b, i)), bytes.Clone(Segment(b, j))
		from, to := i*sealed.SegmentSize, min((j+1)*sealed.SegmentSize, len(b))
		if i == 0 {
			from = sealed.HeaderSize
		}
		between := bytes.Clone(b[(i+1)*sealed.SegmentSize : j*sealed.SegmentSize])
		copy(b[from:to], bytes.Join([][]byte{second, between, first}, nil)) // they may differ in length
		return b, i
	}},
	"a segment in the next one's place": {eachButOne, func(_ *Sealed, b []byte, i int) ([]byte, int) {
		copy(Segment(b, i+1), Segment(b, i))
		return b, i + 1
	}},
	"a segment twice": {each, func(_ *Sealed, b []byte, i int) ([]byte, int) {
		end := min((i+1)*sealed.SegmentSize, len(b))
		rest := append(bytes.Clone(Segment(b, i)), b[end:]...)
		return append(b[:end], rest...), i
	}},
	"a segment taken out": {each, func(_ *Sealed, b []byte, i int) ([]byte, int) {
		s := Segment(b, i)
		at := min((i+1)*sealed.SegmentSize, len(b)) - len(s)
		return append(b[:at], b[at+len(s):]...), i
	}},
	"a cut before a segment": {eachButOne, func(_ *Sealed, b []byte, i int) ([]byte, int) { return b[:(i+1)*sealed.SegmentSize], i }},
	"a cut in a segment": {each, func(_ *Sealed, b []byte, i int) ([]byte, int) {
		return b[:min((i+1)*sealed.SegmentSize, len(b))-len(Segment(b, i))/2], i
	}},
	"only the header":       {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return b[:sealed.HeaderSize], 0 }},
	"the last byte cut off": {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return b[:len(b)-1], 0 }},
	"the last tag cut off":  {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return b[:len(b)-tagSize], 0 }},
	"emptied":               {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return b[:0], 0 }},
	"a byte more":           {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return append(b, 0), 0 }},
	"a tag more":            {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) { return append(b, b[len(b)-tagSize:]...), 0 }},
	"a segment more": {once, func(_ *Sealed, b []byte, _ int) ([]byte, int) {
		return append(b, make([]byte, sealed.SegmentSize)...), 0
	}},
	"swapped with another file":    whole(other),
	"rolled back":                  whole(old),
	"another sealing in its place": whole(again),
	"deleted":                      {once, func(*Sealed, []byte, int) ([]byte, int) { return nil, 0 }},
}

// EachChange calls f for every case of a file whose plaintext has size bytes, and returns how
// many they are. The changed bytes are f's until it returns; nil stands for a file that is gone.
// What comes before the named segment is as it was.
func EachChange(size int, s *Sealed, f func(what string, changed []byte, segment int)) (count int) {
	scratch := make([]byte, 0, len(s.Good)+2*sealed.SegmentSize)
	for _, name := range slices.Sorted(maps.Keys(atRest)) {
		c := atRest[name]
		for _, i := range Positions(size, c.at(size, int(sealed.Segments(int64(size))))) {
			changed, segment := c.to(s, append(scratch[:0], s.Good...), i)
			f(fmt.Sprintf("%d bytes, %s, position %d", size, name, i), changed, segment)
			count++
		}
	}
	return count
}
