// Package blobstore is Azure Blob Storage in memory, as far as the clients that are
// measured use it: containers, block blobs, blocks, ranges, conditions, metadata and
// listings. It checks no credential and no MD5, and forgets all with its process: it is
// for measurements alone.
package blobstore

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Content is what a blob holds. Write writes n bytes from off on, all inside its size.
// It may be called concurrently.
type Content interface {
	Size() int64
	Write(w io.Writer, off, n int64) error
}

// Store is the blobs of one account. Its methods may be called concurrently.
type Store struct {
	mu         sync.RWMutex
	containers map[string]*container
	versions   int
}

type container struct {
	blobs  map[string]*blob
	blocks map[string]map[string][]byte // of blobs not yet committed: by name, then by id
	sorted []string                     // names of blobs; nil: to be made again
}

type blob struct {
	content  Content
	etag     string // with its quotes
	modified time.Time
	meta     map[string]string // by name in lower case
	header   map[string]string // Content-Type and its like
}

// Put makes a blob, and its container where there is none.
func (s *Store) Put(in, name string, c Content) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(s.make(in), name, &blob{content: c})
}

// Empty takes all blobs out of a container, and makes it where there is none.
func (s *Store) Empty(in string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.containers, in)
	s.make(in)
}

// Sizes returns the sizes of a container's blobs by their names.
func (s *Store) Sizes(in string) map[string]int64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sizes := map[string]int64{}
	if c := s.containers[in]; c != nil {
		for name, b := range c.blobs {
			sizes[name] = b.content.Size()
		}
	}
	return sizes
}

func (s *Store) make(in string) *container {
	if s.containers == nil {
		s.containers = map[string]*container{}
	}
	c := s.containers[in]
	if c == nil {
		c = &container{blobs: map[string]*blob{}, blocks: map[string]map[string][]byte{}}
		s.containers[in] = c
	}
	return c
}

// put stores b as a new version. The caller holds mu.
func (s *Store) put(c *container, name string, b *blob) {
	s.versions++
	b.etag, b.modified = fmt.Sprintf(`"0x8%014X"`, s.versions), time.Now().UTC()
	if c.blobs[name] == nil {
		c.sorted = nil
	}
	c.blobs[name] = b
	delete(c.blocks, name)
}

// names are sorted. The caller holds mu for writing.
func (c *container) names() []string {
	if c.sorted == nil {
		c.sorted = slices.Sorted(maps.Keys(c.blobs))
	}
	return c.sorted
}

// Bytes are a content of one piece or several; nobody changes them afterwards.
type Bytes [][]byte

// Size is of Content.
func (b Bytes) Size() (n int64) {
	for _, p := range b {
		n += int64(len(p))
	}
	return n
}

// Write is of Content.
func (b Bytes) Write(w io.Writer, off, n int64) error {
	for _, p := range b {
		if off >= int64(len(p)) {
			off -= int64(len(p))
			continue
		}
		p = p[off:min(int64(len(p)), off+n)]
		off, n = 0, n-int64(len(p))
		if _, err := w.Write(p); err != nil || n == 0 {
			return err
		}
	}
	return nil
}
