package plugintest

import (
	"bytes"
	"context"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Base is the part of a fake plugin that every kind has. It takes only the empty
// configuration.
type Base struct{ About sdk.Description }

// Describe returns About.
func (b *Base) Describe() sdk.Description { return b.About }

// Validate refuses every field.
func (*Base) Validate(config []byte) []sdk.Violation {
	return sdk.DecodeConfig(config, &struct{}{})
}

// Configure does nothing.
func (*Base) Configure(context.Context, sdk.Setup) error { return nil }

// Store is what MemorySource and MemorySink keep their objects in: versions count up and
// never come back.
type Store struct {
	mu      sync.Mutex
	objects map[string]version // guarded by mu
	count   int                // guarded by mu
}

type version struct {
	content []byte
	info    sdk.Info
}

// NewStore returns a store that holds objects.
func NewStore(objects map[string][]byte) *Store {
	s := &Store{objects: map[string]version{}}
	for name, content := range objects {
		s.Set(name, content)
	}
	return s
}

// Set makes content the current version of name.
func (s *Store) Set(name string, content []byte) sdk.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set(name, content)
}

func (s *Store) set(name string, content []byte) sdk.Info {
	s.count++
	info := sdk.Info{Name: name, Size: int64(len(content)), ETag: strconv.Quote("v" + strconv.Itoa(s.count))}
	s.objects[name] = version{bytes.Clone(content), info}
	return info
}

// Get is the content of the current version.
func (s *Store) Get(name string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.objects[name]
	return v.content, ok
}

// Stat is both kinds' Stat.
func (s *Store) Stat(_ context.Context, name string) (sdk.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.objects[name]
	if !ok {
		return sdk.Info{}, sdk.Errorf(sdk.NotFound, "memory.stat", "%s", name)
	}
	return v.info, nil
}

// MemorySource is a source that keeps the rules.
type MemorySource struct {
	Base
	*Store
}

// List yields in the order of names.
func (m *MemorySource) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		m.mu.Lock()
		names := slices.Sorted(maps.Keys(m.objects))
		m.mu.Unlock()
		for _, name := range names {
			if !strings.HasPrefix(name, prefix) {
				continue
			}
			if info, err := m.Stat(ctx, name); !yield(info, err) {
				return
			}
		}
	}
}

// Open returns a part of the version etag.
func (m *MemorySource) Open(_ context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	m.mu.Lock()
	v, ok := m.objects[name]
	m.mu.Unlock()
	const op = "memory.open"
	switch {
	case !ok:
		return nil, sdk.Info{}, sdk.Errorf(sdk.NotFound, op, "%s", name)
	case etag != sdk.AnyVersion && v.info.ETag != etag:
		return nil, sdk.Info{}, sdk.Errorf(sdk.Tampered, op, "%s is %s now", name, v.info.ETag)
	case off < 0 || n < 0 || off > v.info.Size-n:
		return nil, sdk.Info{}, sdk.Errorf(sdk.Invalid, op, "%s: %d bytes at %d of %d", name, n, off, v.info.Size)
	}
	return io.NopCloser(bytes.NewReader(v.content[off : off+n])), v.info, nil
}

// MemorySink is a sink that keeps the rules.
type MemorySink struct {
	Base
	*Store
}

// Put stores all of body or nothing.
func (m *MemorySink) Put(_ context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error) {
	const op = "memory.put"
	content, err := io.ReadAll(io.LimitReader(body, size+1))
	if err != nil || int64(len(content)) != size {
		return sdk.Info{}, sdk.Errorf(sdk.Unavailable, op, "%s: %d of %d bytes (%w)", name, len(content), size, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, exists := m.objects[name]; exists && !c.Overwrite || c.IfMatch != "" && old.info.ETag != c.IfMatch {
		return sdk.Info{}, sdk.Errorf(sdk.Denied, op, "%s: %w", name, sdk.ErrCondition)
	}
	return m.set(name, content), nil
}

// Delete removes one version.
func (m *MemorySink) Delete(_ context.Context, o sdk.Info) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	old, exists := m.objects[o.Name]
	switch {
	case !exists:
		return sdk.Errorf(sdk.NotFound, "memory.delete", "%s", o.Name)
	case old.info.ETag != o.ETag:
		return sdk.Errorf(sdk.Denied, "memory.delete", "%s: %w", o.Name, sdk.ErrCondition)
	}
	delete(m.objects, o.Name)
	return nil
}
