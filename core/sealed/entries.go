package sealed

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"iter"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const (
	pageBytes = 128 << 10 // of lines, at least, in one page
	pages     = 128       // decoded at once, at most
)

// Entries is the list of an opened manifest. All of it has been checked, but only a
// part of it is in memory: at most 128 pages of entries, about as large as their lines
// (16 MiB, where no line is longer than usual), so that a list of some 50,000 files is
// never read again; and for each page of 128 KiB its place and the beginning of its
// first path, and SHA-256 of each segment, which is less than 1 MiB for a million files.
//
// What is read again is compared with those sums: an error is Tampered where it is not
// the pinned manifest any more, or the store's own. Methods may be called concurrently.
type Entries struct {
	src    RangeReader
	start  int64 // of the sealed list in the object
	opener *Opener
	sums   [][sha256.Size]byte
	index  []page
	end    int64 // of the last entry's line
	n      int
	size   int64

	slots [pages]slot // page p lives in slot p mod pages
}

// page is where a page begins.
type page struct {
	first int    // number of its first entry
	off   int64  // of its first line in the list
	path  string // not above its first path, and above all before
}

type slot struct {
	loading chan struct{} // a lock that waiting can leave
	now     atomic.Pointer[decoded]
}

type decoded struct {
	page    int
	entries []Entry
}

// Len returns how many entries there are.
func (e *Entries) Len() int { return e.n }

// Size returns the sum of the plaintexts' sizes, in bytes.
func (e *Entries) Size() int64 { return e.size }

// At returns entry i, which the caller may not change.
func (e *Entries) At(ctx context.Context, i int) (Entry, error) {
	if i < 0 || i >= e.n {
		return Entry{}, fault.New(fault.Internal, "sealed.entry", "number %d of %d", i, e.n)
	}
	p := sort.Search(len(e.index), func(k int) bool { return e.index[k].first > i }) - 1
	entries, err := e.page(ctx, p)
	if err != nil {
		return Entry{}, err
	}
	return entries[i-e.index[p].first], nil
}

// Search returns the number of the first entry whose path is not below the given one; Len
// where there is none.
func (e *Entries) Search(ctx context.Context, path string) (int, error) {
	p := sort.Search(len(e.index), func(k int) bool { return e.index[k].path > path }) - 1
	if p < 0 {
		return 0, nil
	}
	entries, err := e.page(ctx, p)
	if err != nil {
		return 0, err
	}
	return e.index[p].first + sort.Search(len(entries), func(k int) bool { return entries[k].Path >= path }), nil
}

// All yields the entries in order. An error is the last.
func (e *Entries) All(ctx context.Context) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for p := range e.index {
			entries, err := e.page(ctx, p)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			for _, entry := range entries {
				if !yield(entry, nil) {
					return
				}
			}
		}
	}
}

// scanned makes what a scan found: n entries after the head that l has read.
func scanned(s *scan, l *lines, n int64, before uint64, domain string, signer ed25519.PublicKey, want digest.SHA256) (*Entries, error) {
	e := &Entries{src: s.src, start: s.start}
	var now []Entry // of the last page, while it is to be kept
	keep := func() {
		if p := len(e.index) - 1; p >= 0 && p < pages {
			e.slots[p].now.Store(&decoded{p, now})
		}
	}
	if err := l.entries(n, before, func(entry *Entry, off int64, common int) {
		if last := len(e.index) - 1; last < 0 || off-e.index[last].off >= pageBytes {
			keep()
			begin := strings.Clone(entry.Path[:min(common+1, len(entry.Path))])
			e.index, now = append(e.index, page{e.n, off, begin}), nil
		}
		if len(e.index) <= pages {
			now = append(now, *entry)
		}
		e.n++
		e.size += entry.Size
	}); err != nil {
		return nil, err
	}
	keep()
	e.end = l.off
	if err := l.finish(domain, signer); err != nil {
		return nil, err
	}
	if err := s.compare(want); err != nil {
		return nil, err
	}
	e.opener, e.sums = s.opener, s.sums
	for i := range e.slots {
		e.slots[i].loading = make(chan struct{}, 1)
	}
	return e, nil
}

// page returns the entries of page p.
func (e *Entries) page(ctx context.Context, p int) ([]Entry, error) {
	s := &e.slots[p%pages]
	if d := s.now.Load(); d != nil && d.page == p {
		return d.entries, nil
	}
	select {
	case s.loading <- struct{}{}:
		defer func() { <-s.loading }()
	case <-ctx.Done():
		return nil, fault.Wrap("sealed.manifest", ctx.Err())
	}
	if d := s.now.Load(); d != nil && d.page == p {
		return d.entries, nil
	}
	entries, err := e.load(ctx, p)
	if err != nil {
		return nil, fault.Wrap("sealed.manifest", err)
	}
	s.now.Store(&decoded{p, entries})
	return entries, nil
}

// load reads a page again.
func (e *Entries) load(ctx context.Context, p int) ([]Entry, error) {
	off, end, last := e.index[p].off, e.end, e.n
	if p+1 < len(e.index) {
		end, last = e.index[p+1].off, e.index[p+1].first
	}
	first := SegmentOf(off)
	start, length := e.opener.SealedRange(first, SegmentOf(end-1)+1)
	ciphertext := make([]byte, length)
	if err := e.src.ReadRange(ctx, e.start+start, ciphertext); err != nil {
		return nil, err
	}
	text := make([]byte, 0, length)
	for i := first; len(ciphertext) > 0; i++ {
		segment := ciphertext[:min(SegmentSize, len(ciphertext))]
		ciphertext = ciphertext[len(segment):]
		if sha256.Sum256(segment) != e.sums[i] {
			return nil, damaged("segment %d is not the one that was pinned", i)
		}
		var err error
		if text, err = e.opener.Open(text, i, segment); err != nil {
			return nil, err
		}
	}
	text = text[off-PlainStart(first) : end-PlainStart(first)]
	entries := make([]Entry, 0, last-e.index[p].first)
	for line := range bytes.Lines(text) {
		entry, err := parseEntry(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			return nil, damaged("%w", err)
		}
		entries = append(entries, entry)
	}
	if len(entries) != cap(entries) {
		return nil, damaged("page %d has %d entries, had %d", p, len(entries), cap(entries))
	}
	return entries, nil
}
