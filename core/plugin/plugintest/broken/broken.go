// Package broken holds plugins that are wrong on purpose, each in one way, and the name of
// the test that must notice. A test of a kit that none of them fails would prove nothing.
package broken

import (
	"context"
	"io"
	"iter"
	"runtime"
	"strings"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Source is a source that is right but for one thing.
type Source struct {
	Bites string // the test that must fail
	Make  func(*plugintest.MemorySource) sdk.Source
}

// base lets a wrong source change one method of a right one.
type base struct{ *plugintest.MemorySource }

// Sources are the wrong sources by what is wrong.
func Sources() map[string]Source {
	return map[string]Source{
		"invents a new version at each stat": {"source: stat gives size and version, twice the same",
			func(m *plugintest.MemorySource) sdk.Source { return &restless{base: base{m}} }},
		"says Unavailable of what is missing": {"source: what does not exist is NotFound",
			func(m *plugintest.MemorySource) sdk.Source { return vague{base{m}} }},
		"gives an empty object for a missing one": {"source: what does not exist is NotFound",
			func(m *plugintest.MemorySource) sdk.Source { return generous{base{m}} }},
		"cleans names": {"source: a name is taken as it is",
			func(m *plugintest.MemorySource) sdk.Source { return cleaner{base{m}} }},
		"lists no more than three": {"source: list gives each object once, as stat does",
			func(m *plugintest.MemorySource) sdk.Source { return firstPage{base{m}} }},
		"lists one object twice": {"source: list gives each object once, as stat does",
			func(m *plugintest.MemorySource) sdk.Source { return stutter{base{m}} }},
		"lists by folder, not by prefix": {"source: list keeps to its prefix",
			func(m *plugintest.MemorySource) sdk.Source { return folders{base{m}} }},
		"lists everything": {"source: list keeps to its prefix",
			func(m *plugintest.MemorySource) sdk.Source { return everything{base{m}} }},
		"reads from one byte on": {"source: a read gives exactly the range",
			func(m *plugintest.MemorySource) sdk.Source { return shifted{base{m}} }},
		"ends one byte early": {"source: a read gives exactly the range",
			func(m *plugintest.MemorySource) sdk.Source { return short{base{m}} }},
		"gives zeros past the end": {"source: a read past the end is refused",
			func(m *plugintest.MemorySource) sdk.Source { return padded{base{m}} }},
		"does not look at the version": {"source: a read of another version is Tampered",
			func(m *plugintest.MemorySource) sdk.Source { return careless{base{m}} }},
		"says NotFound of another version": {"source: a read of another version is Tampered",
			func(m *plugintest.MemorySource) sdk.Source { return mistaken{base{m}} }},
		"knows no version but by its name": {"source: a read of any version is of the current one",
			func(m *plugintest.MemorySource) sdk.Source { return literal{base{m}} }},
		"shares one buffer": {"source: reads at once do not mix",
			func(m *plugintest.MemorySource) sdk.Source { return &shared{base: base{m}} }},
		"takes the size for the version": {"source: a replaced object is another version",
			func(m *plugintest.MemorySource) sdk.Source { return sized{base{m}} }},
		"says the size it saw first": {"source: an object of another size than the reader knows is refused",
			func(m *plugintest.MemorySource) sdk.Source {
				return &remembering{base: base{m}, sizes: map[string]int64{}}
			}},
	}
}

type restless struct {
	base
	mu sync.Mutex
	n  int
}

func (b *restless) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.n++
	info.ETag += strings.Repeat("x", b.n)
	return info, err
}

type vague struct{ base }

func (b vague) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	if err != nil {
		err = sdk.Errorf(sdk.Unavailable, "broken.stat", "perhaps later")
	}
	return info, err
}

type generous struct{ base }

func (b generous) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	if err != nil {
		return sdk.Info{Name: name, ETag: `"none"`}, nil
	}
	return info, nil
}

type cleaner struct{ base }

func (b cleaner) Stat(ctx context.Context, name string) (sdk.Info, error) {
	return b.MemorySource.Stat(ctx, strings.TrimPrefix(name, "./"))
}

type firstPage struct{ base }

func (b firstPage) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		n := 0
		for info, err := range b.MemorySource.List(ctx, prefix) {
			if n++; n > 3 || !yield(info, err) {
				return
			}
		}
	}
}

type stutter struct{ base }

func (b stutter) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		for info, err := range b.MemorySource.List(ctx, prefix) {
			if !yield(info, err) || info.Name == "small" && !yield(info, err) {
				return
			}
		}
	}
}

type folders struct{ base }

func (b folders) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	if prefix != "" && !strings.HasSuffix(prefix, "/") {
		prefix += "/"
	}
	return b.MemorySource.List(ctx, prefix)
}

type everything struct{ base }

func (b everything) List(ctx context.Context, _ string) iter.Seq2[sdk.Info, error] {
	return b.MemorySource.List(ctx, "")
}

type shifted struct{ base }

func (b shifted) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	if err == nil && off > 0 && off+n < info.Size {
		off++
	}
	return b.MemorySource.Open(ctx, name, etag, off, n)
}

type short struct{ base }

func (b short) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	body, info, err := b.MemorySource.Open(ctx, name, etag, off, n)
	if err != nil {
		return nil, info, err
	}
	return io.NopCloser(io.LimitReader(body, n-1)), info, nil
}

type padded struct{ base }

func (b padded) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	body, info, err := b.MemorySource.Open(ctx, name, etag, off, n)
	if sdk.KindOf(err) != sdk.Invalid {
		return body, info, err
	}
	info, _ = b.MemorySource.Stat(ctx, name)
	info.Size += 100 // to be believed
	return io.NopCloser(strings.NewReader(strings.Repeat("\x00", int(n)))), info, nil
}

type careless struct{ base }

func (b careless) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	if err != nil {
		return nil, info, err
	}
	body, info, err := b.MemorySource.Open(ctx, name, info.ETag, off, n)
	info.ETag = etag // to be believed
	return body, info, err
}

type literal struct{ base }

func (b literal) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	if etag == sdk.AnyVersion {
		return nil, sdk.Info{}, sdk.Errorf(sdk.Tampered, "broken.open", "%s: no version %s", name, etag)
	}
	return b.MemorySource.Open(ctx, name, etag, off, n)
}

type mistaken struct{ base }

func (b mistaken) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	body, info, err := b.MemorySource.Open(ctx, name, etag, off, n)
	if sdk.KindOf(err) == sdk.Tampered {
		err = sdk.Errorf(sdk.NotFound, "broken.open", "%s: no such version", name)
	}
	return body, info, err
}

type shared struct {
	base
	mu  sync.Mutex
	buf []byte
}

func (b *shared) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	body, info, err := b.MemorySource.Open(ctx, name, etag, off, n)
	if err != nil {
		return nil, info, err
	}
	content, err := io.ReadAll(body)
	b.mu.Lock()
	defer b.mu.Unlock()
	if n != 64<<10 {
		return io.NopCloser(strings.NewReader(string(content))), info, err
	}
	b.buf = append(b.buf[:0], content...)
	return &late{b: b, n: len(content)}, info, err
}

// late reads from what is in the buffer by then.
type late struct {
	b      *shared
	off, n int
}

func (l *late) Read(p []byte) (int, error) {
	runtime.Gosched() // let another fill the buffer
	l.b.mu.Lock()
	defer l.b.mu.Unlock()
	if l.off >= l.n {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 4<<10)], l.b.buf[l.off:l.n])
	l.off += n
	return n, nil
}

func (*late) Close() error { return nil }

type sized struct{ base }

func tag(info sdk.Info) sdk.Info {
	info.ETag = `"` + strings.Repeat("i", int(info.Size%97)+1) + `"`
	return info
}

func (b sized) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	return tag(info), err
}

func (b sized) List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error] {
	return func(yield func(sdk.Info, error) bool) {
		for info, err := range b.MemorySource.List(ctx, prefix) {
			if !yield(tag(info), err) {
				return
			}
		}
	}
}

func (b sized) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	info, err := b.MemorySource.Stat(ctx, name)
	if err != nil {
		return nil, info, err
	}
	if tag(info).ETag != etag {
		return nil, info, sdk.Errorf(sdk.Tampered, "broken.open", "%s", name)
	}
	body, info, err := b.MemorySource.Open(ctx, name, info.ETag, off, n)
	return body, tag(info), err
}

type remembering struct {
	base
	mu    sync.Mutex
	sizes map[string]int64
}

func (r *remembering) Stat(ctx context.Context, name string) (sdk.Info, error) {
	info, err := r.MemorySource.Stat(ctx, name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if size, ok := r.sizes[name]; ok {
		info.Size = size
	} else if err == nil {
		r.sizes[name] = info.Size
	}
	return info, err
}

func (r *remembering) Open(ctx context.Context, name, etag string, off, n int64) (io.ReadCloser, sdk.Info, error) {
	body, info, err := r.MemorySource.Open(ctx, name, etag, off, n)
	r.mu.Lock()
	defer r.mu.Unlock()
	if size, ok := r.sizes[name]; ok {
		info.Size = size
	}
	return body, info, err
}
