package plugintest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing/iotest"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Writer is a sink as the tests use it: an author's, or *plugin.Sink.
type Writer interface {
	Put(ctx context.Context, name string, size int64, body io.Reader, c sdk.Condition) (sdk.Info, error)
	Stat(ctx context.Context, name string) (sdk.Info, error)
	Delete(ctx context.Context, o sdk.Info) error
}

// SinkFixture is a sink under test.
type SinkFixture struct {
	Writer Writer
	Prefix string // of all objects that the tests make; nothing else must be under it
	Large  int    // bytes of the largest object; zero means 1 MiB
	// Content looks behind the sink; nil: only sizes and versions are compared.
	Content func(t T, name string) ([]byte, bool)
}

// Sink is the kit for sinks. Each test makes and removes objects of its own.
func Sink(f SinkFixture) Kit {
	return Kit{
		"sink: what is put is there":                              f.there,
		"sink: what does not exist is NotFound":                   f.missing,
		"sink: nothing is overwritten unless asked for":           f.keep,
		"sink: only the version that was named is overwritten":    f.match,
		"sink: an upload cut short leaves nothing":                f.cut,
		"sink: an upload cut short leaves what was there":         f.cutOver,
		"sink: only the version that was named is deleted":        f.delete,
		"sink: of two that create the same at once, one does":     f.race,
		"sink: a version that comes again is another version":     f.again,
		"sink: a body longer or shorter than said stores nothing": f.wrongSize,
	}
}

func (f SinkFixture) put(t T, name, content string, c sdk.Condition) sdk.Info {
	t.Helper()
	info, err := f.Writer.Put(t.Context(), f.Prefix+name, int64(len(content)), strings.NewReader(content), c)
	if err != nil {
		t.Fatalf("Put(%q, %d bytes, %+v) = %v", name, len(content), c, err)
	}
	return info
}

func (f SinkFixture) remove(t T, name string) {
	if info, err := f.Writer.Stat(t.Context(), f.Prefix+name); err == nil {
		if err := f.Writer.Delete(t.Context(), info); err != nil {
			t.Errorf("Delete(%+v) = %v", info, err)
		}
	}
}

// holds compares what is there with what must be; a nil want is nothing.
func (f SinkFixture) holds(t T, name string, want *sdk.Info, content string) {
	t.Helper()
	got, err := f.Writer.Stat(t.Context(), f.Prefix+name)
	if want == nil {
		wantKind(t, "Stat of what must not be there", err, sdk.NotFound)
	} else if err != nil || got != *want {
		t.Errorf("Stat(%q) = %+v, %v, want %+v", name, got, err, *want)
	}
	if f.Content != nil {
		if b, ok := f.Content(t, f.Prefix+name); ok != (want != nil) || string(b) != content {
			t.Errorf("%q holds %d bytes (%t), want %d", name, len(b), ok, len(content))
		}
	}
}

func (f SinkFixture) there(t T) {
	large := make([]byte, f.Large)
	if f.Large == 0 {
		large = make([]byte, 1<<20)
	}
	r := rand.New(rand.NewPCG(3, 4))
	for i := range large {
		large[i] = byte(r.Uint32())
	}
	for name, content := range map[string]string{"there/empty": "", "there/small": "a few bytes", "there/a b+c?d#ü": "awkward", "there/large": string(large)} {
		info := f.put(t, name, content, sdk.Condition{})
		if info.Size != int64(len(content)) || info.ETag == "" || info.Name != f.Prefix+name {
			t.Errorf("Put(%q) = %+v, want %d bytes and a version", name, info, len(content))
		}
		f.holds(t, name, &info, content)
		f.remove(t, name)
	}
}

func (f SinkFixture) missing(t T) {
	_, err := f.Writer.Stat(t.Context(), f.Prefix+"none")
	wantKind(t, "Stat of a missing object", err, sdk.NotFound)
	err = f.Writer.Delete(t.Context(), sdk.Info{Name: f.Prefix + "none", ETag: `"0"`})
	wantKind(t, "Delete of a missing object", err, sdk.NotFound, sdk.Denied)
}

func (f SinkFixture) try(t T, name, content string, c sdk.Condition) error {
	_, err := f.Writer.Put(t.Context(), f.Prefix+name, int64(len(content)), strings.NewReader(content), c)
	return err
}

func (f SinkFixture) keep(t T) {
	defer f.remove(t, "keep")
	first := f.put(t, "keep", "first", sdk.Condition{})
	wantKind(t, "Put over an object", f.try(t, "keep", "second", sdk.Condition{}), sdk.Denied)
	f.holds(t, "keep", &first, "first")
	second := f.put(t, "keep", "second", sdk.Condition{Overwrite: true})
	f.holds(t, "keep", &second, "second")
}

func (f SinkFixture) match(t T) {
	defer f.remove(t, "match")
	err := f.try(t, "match", "x", sdk.Condition{Overwrite: true, IfMatch: `"0"`})
	wantKind(t, "Put over a version of nothing", err, sdk.Denied)
	f.holds(t, "match", nil, "")
	first := f.put(t, "match", "first", sdk.Condition{})
	second := f.put(t, "match", "second", sdk.Condition{Overwrite: true, IfMatch: first.ETag})
	err = f.try(t, "match", "third", sdk.Condition{Overwrite: true, IfMatch: first.ETag})
	wantKind(t, "Put over an older version", err, sdk.Denied)
	f.holds(t, "match", &second, "second")
}

func broken(content string) io.Reader {
	return io.MultiReader(strings.NewReader(content), iotest.ErrReader(io.ErrUnexpectedEOF))
}

func (f SinkFixture) cut(t T) {
	half := strings.Repeat("x", 1<<19)
	if _, err := f.Writer.Put(t.Context(), f.Prefix+"cut", 1<<20, broken(half), sdk.Condition{}); err == nil {
		t.Errorf("Put of half a body = nil")
	}
	f.holds(t, "cut", nil, "")
	f.remove(t, "cut")
}

func (f SinkFixture) cutOver(t T) {
	defer f.remove(t, "over")
	first := f.put(t, "over", "first", sdk.Condition{})
	if _, err := f.Writer.Put(t.Context(), f.Prefix+"over", 9, broken("sec"), sdk.Condition{Overwrite: true}); err == nil {
		t.Errorf("Put of half a body = nil")
	}
	f.holds(t, "over", &first, "first")
}

func (f SinkFixture) wrongSize(t T) {
	// A host cuts what is longer itself; what is shorter must not be stored as if it were whole.
	if _, err := f.Writer.Put(t.Context(), f.Prefix+"size", 9, bytes.NewReader([]byte("short")), sdk.Condition{}); err == nil {
		t.Errorf("Put of 5 bytes that were said to be 9 = nil")
	}
	f.holds(t, "size", nil, "")
	f.remove(t, "size")
}

func (f SinkFixture) delete(t T) {
	defer f.remove(t, "delete")
	first := f.put(t, "delete", "first", sdk.Condition{})
	second := f.put(t, "delete", "second", sdk.Condition{Overwrite: true})
	wantKind(t, "Delete of an older version", f.Writer.Delete(t.Context(), first), sdk.Denied)
	f.holds(t, "delete", &second, "second")
	if err := f.Writer.Delete(t.Context(), second); err != nil {
		t.Errorf("Delete = %v", err)
	}
	f.holds(t, "delete", nil, "")
}

func (f SinkFixture) race(t T) {
	defer f.remove(t, "race")
	const writers = 4
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() { errs[i] = f.try(t, "race", strings.Repeat(string(rune('a'+i)), 1<<16), sdk.Condition{}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wantKind(t, "Put beside others", err, sdk.Denied, sdk.Unavailable)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d that create the same object at once did, want 1", won, writers)
	}
}

func (f SinkFixture) again(t T) {
	defer f.remove(t, "again")
	first := f.put(t, "again", "same", sdk.Condition{})
	second := f.put(t, "again", "same", sdk.Condition{Overwrite: true})
	if first.ETag == second.ETag {
		t.Errorf("two writes gave the same version %s", first.ETag)
	}
}
