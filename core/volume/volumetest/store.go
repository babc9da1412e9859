// Package volumetest has a store in memory that keeps the rules of the real
// ones, can be told to lie, and the checks that any store must pass. It is for
// tests alone.
package volumetest

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
)

// Store is a source and a sink in memory. Its methods may be called concurrently.
// The hooks are set before it is used.
type Store struct {
	// OnStat may change or refuse what Stat answers.
	OnStat func(o *object.Info) error
	// OnRead may change or refuse a range after it is filled.
	OnRead func(ctx context.Context, o object.Info, off int64, p []byte) error
	// OnPut may refuse a write: before its first byte, and after it is done.
	OnPut func(name string, done bool) error

	mu      sync.Mutex
	objects map[string]stored
	version int
}

type stored struct {
	info object.Info
	data []byte
}

// Set stores data as a new version, whatever was there.
func (s *Store) Set(name string, data []byte) object.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.set(name, data)
}

func (s *Store) set(name string, data []byte) object.Info {
	if s.objects == nil {
		s.objects = map[string]stored{}
	}
	s.version++
	o := object.Info{Name: name, Size: int64(len(data)), ETag: fmt.Sprintf("%q", fmt.Sprint("v", s.version))}
	s.objects[name] = stored{o, data}
	return o
}

// Corrupt changes the bytes of an object and keeps its version, as a dishonest
// or broken store does.
func (s *Store) Corrupt(name string, change func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.objects[name]
	data := change(slices.Clone(old.data))
	old.info.Size = int64(len(data))
	s.objects[name] = stored{old.info, data}
}

// Get returns an object's bytes, nil where there is none.
func (s *Store) Get(name string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[name].data
}

// Names returns all names, sorted.
func (s *Store) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.objects))
}

// Remove takes an object away.
func (s *Store) Remove(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.objects, name)
}

func (s *Store) find(name string) (stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.objects[name]
	if !ok {
		return o, fault.New(fault.NotFound, "store.find", "%s: there is none", name)
	}
	return o, nil
}

// Stat is of Source and Sink.
func (s *Store) Stat(ctx context.Context, name string) (object.Info, error) {
	if err := ctx.Err(); err != nil {
		return object.Info{}, err
	}
	o, err := s.find(name)
	if err == nil && s.OnStat != nil {
		err = s.OnStat(&o.info)
	}
	return o.info, err
}

// ReadRange is of Source.
func (s *Store) ReadRange(ctx context.Context, o object.Info, off int64, p []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	now, err := s.find(o.Name)
	if err != nil {
		return err
	}
	if now.info.ETag != o.ETag {
		return fault.New(fault.Tampered, "store.read", "%s: is %s, not %s", o.Name, now.info.ETag, o.ETag)
	}
	if off < 0 || off+int64(len(p)) > int64(len(now.data)) {
		return fault.New(fault.Invalid, "store.read", "%s: no range %d+%d", o.Name, off, len(p))
	}
	copy(p, now.data[off:])
	if s.OnRead != nil {
		return s.OnRead(ctx, o, off, p)
	}
	return nil
}

// Put is of Sink.
func (s *Store) Put(ctx context.Context, name string, size int64, body io.Reader, c object.Condition) (object.Info, error) {
	const op = "store.put"
	if s.OnPut != nil {
		if err := s.OnPut(name, false); err != nil {
			return object.Info{}, err
		}
	}
	data, err := io.ReadAll(io.LimitReader(body, size+1))
	if err != nil {
		return object.Info{}, err
	}
	if int64(len(data)) != size {
		return object.Info{}, fault.New(fault.Invalid, op, "%s: body is not %d bytes", name, size)
	}
	if err := ctx.Err(); err != nil {
		return object.Info{}, err
	}
	o, err := s.put(op, name, data, c)
	if err == nil && s.OnPut != nil {
		err = s.OnPut(name, true)
	}
	return o, err
}

func (s *Store) put(op, name string, data []byte, c object.Condition) (object.Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, there := s.objects[name]
	if there && !c.Overwrite || c.IfMatch != "" && now.info.ETag != c.IfMatch {
		return object.Info{}, fault.New(fault.Denied, op, "%s: the condition does not hold", name)
	}
	return s.set(name, data), nil
}

// Delete is of Sink.
func (s *Store) Delete(_ context.Context, o object.Info) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, ok := s.objects[o.Name]
	switch {
	case !ok:
		return fault.New(fault.NotFound, "store.delete", "%s: there is none", o.Name)
	case now.info.ETag != o.ETag:
		return fault.New(fault.Denied, "store.delete", "%s: is another version", o.Name)
	}
	delete(s.objects, o.Name)
	return nil
}
