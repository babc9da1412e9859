package plugintest

import (
	"bytes"
	"context"
	"io"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Reader is a source as the tests use it. *plugin.Source is one; Direct makes one of an
// author's source.
type Reader interface {
	Stat(ctx context.Context, name string) (sdk.Info, error)
	List(ctx context.Context, prefix string) iter.Seq2[sdk.Info, error]
	ReadRange(ctx context.Context, o sdk.Info, off int64, p []byte) error
}

// Direct reads from a source in process. It passes every range on, also a wrong one.
func Direct(s sdk.Source) Reader { return direct{s} }

type direct struct{ sdk.Source }

func (d direct) ReadRange(ctx context.Context, o sdk.Info, off int64, p []byte) error {
	body, info, err := d.Open(ctx, o.Name, o.ETag, off, int64(len(p)))
	if err != nil {
		return err
	}
	defer body.Close()
	if o.ETag != sdk.AnyVersion && info.ETag != o.ETag || info.ETag == sdk.AnyVersion || info.Size != o.Size {
		return sdk.Errorf(sdk.Tampered, "read", "%s: is %+v, want %+v", o.Name, info, o)
	}
	if _, err := io.ReadFull(body, p); err != nil {
		return sdk.Errorf(sdk.Unavailable, "read", "%s: %w", o.Name, err)
	}
	if n, err := body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		return sdk.Errorf(sdk.Internal, "read", "%s: more bytes than asked for, or no end (%v)", o.Name, err)
	}
	return nil
}

// Objects is what a source must hold for its kit: an empty object, one of a few bytes, one
// of many, names that begin alike, and one with every awkward byte.
func Objects() map[string][]byte {
	big := make([]byte, 1<<20+17)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range big {
		big[i] = byte(r.Uint32())
	}
	return map[string][]byte{
		"empty":                {},
		"small":                []byte("a few bytes"),
		"small2":               []byte("others"),
		"dir/big":              big,
		"dir/sub/x":            []byte("below"),
		"di":                   []byte("begins like dir"),
		"odd/a b+c%2F?d#e=ü&☃": []byte("awkward"),
	}
}

// SourceFixture is a source under test and what it holds.
type SourceFixture struct {
	Reader  Reader
	Objects map[string][]byte // nil: whatever List says; at least one object must not be empty
	// Replace changes an object behind the source's back; nil leaves out the test of it.
	Replace func(t T, name string, content []byte)
}

// Source is the kit for sources.
func Source(f SourceFixture) Kit {
	k := Kit{
		"source: stat gives size and version, twice the same": f.stat,
		"source: what does not exist is NotFound":             f.missing,
		"source: a name is taken as it is":                    f.exactNames,
		"source: list gives each object once, as stat does":   f.list,
		"source: list keeps to its prefix":                    f.prefix,
		"source: a read gives exactly the range":              f.ranges,
		"source: a read past the end is refused":              f.pastEnd,
		"source: a read of another version is Tampered":       f.otherVersion,
		"source: a read of any version is of the current one": f.anyVersion,
		"source: reads at once do not mix":                    f.atOnce,
	}
	if f.Replace != nil {
		k["source: a replaced object is another version"] = f.replaced
		k["source: an object of another size than the reader knows is refused"] = f.resized
	}
	return k
}

// held is what the source holds, by name: contents, or only sizes where they are not known.
func (f SourceFixture) held(t T) map[string]sdk.Info {
	t.Helper()
	out := map[string]sdk.Info{}
	if f.Objects == nil {
		for info, err := range f.Reader.List(t.Context(), "") {
			if err != nil {
				t.Fatalf("List = %v", err)
			}
			out[info.Name] = info
		}
	}
	for name := range f.Objects {
		info, err := f.Reader.Stat(t.Context(), name)
		if err != nil {
			t.Fatalf("Stat(%q) = %v", name, err)
		}
		out[name] = info
	}
	return out
}

// largest is the object with the most bytes, at least one, and its content.
func (f SourceFixture) largest(t T) (sdk.Info, []byte) {
	t.Helper()
	var best sdk.Info
	for _, info := range f.held(t) {
		if info.Size > best.Size {
			best = info
		}
	}
	if best.Size == 0 {
		t.Fatalf("the store must hold an object that is not empty")
	}
	want, known := f.Objects[best.Name]
	if !known {
		want = make([]byte, min(best.Size, 8<<20))
		if err := f.Reader.ReadRange(t.Context(), best, 0, want); err != nil {
			t.Fatalf("ReadRange(%q, 0, %d) = %v", best.Name, len(want), err)
		}
	}
	if known && best.Size != int64(len(want)) {
		t.Fatalf("Stat(%q) says %d bytes, want %d", best.Name, best.Size, len(want))
	}
	return best, want
}

func (f SourceFixture) stat(t T) {
	for name, info := range f.held(t) {
		again, err := f.Reader.Stat(t.Context(), name)
		if err != nil || again != info {
			t.Errorf("Stat(%q) = %+v, %v, want %+v as before", name, again, err, info)
		}
		if content, ok := f.Objects[name]; ok && info.Size != int64(len(content)) {
			t.Errorf("Stat(%q) says %d bytes, want %d", name, info.Size, len(content))
		}
		if info.ETag == "" || info.Name != name {
			t.Errorf("Stat(%q) = %+v, without a version or of another name", name, info)
		}
	}
}

func (f SourceFixture) missing(t T) {
	const name = "no such object 7d1f"
	_, err := f.Reader.Stat(t.Context(), name)
	wantKind(t, "Stat of a missing object", err, sdk.NotFound)
	err = f.Reader.ReadRange(t.Context(), sdk.Info{Name: name, Size: 9, ETag: `"0"`}, 0, make([]byte, 1))
	wantKind(t, "ReadRange of a missing object", err, sdk.NotFound)
}

func (f SourceFixture) exactNames(t T) {
	held := f.held(t)
	for name := range held {
		for _, other := range []string{"./" + name, name + "/", "/" + name, "x/../" + name, name + "/../" + name, "../" + name, strings.ToUpper(name) + "\u0130"} {
			if _, ok := held[other]; ok {
				continue
			}
			if info, err := f.Reader.Stat(t.Context(), other); err == nil || sdk.KindOf(err) != sdk.NotFound && sdk.KindOf(err) != sdk.Invalid {
				t.Errorf("Stat(%q) = %+v, %v (%v), want NotFound: it is not %q", other, info, err, sdk.KindOf(err), name)
			}
		}
	}
}

func (f SourceFixture) collect(t T, prefix string) map[string]sdk.Info {
	t.Helper()
	out := map[string]sdk.Info{}
	for info, err := range f.Reader.List(t.Context(), prefix) {
		if err != nil {
			t.Fatalf("List(%q) = %v", prefix, err)
		}
		if _, twice := out[info.Name]; twice {
			t.Errorf("List(%q) gives %q twice", prefix, info.Name)
		}
		out[info.Name] = info
	}
	return out
}

func (f SourceFixture) list(t T) {
	got := f.collect(t, "")
	held := f.held(t)
	for name, info := range held {
		if got[name] != info {
			t.Errorf("List gives %+v, Stat %+v", got[name], info)
		}
	}
	if len(got) != len(held) {
		t.Errorf("List gives %d objects, want %d", len(got), len(held))
	}
}

func (f SourceFixture) prefix(t T) {
	held := f.held(t)
	prefixes := map[string]bool{"no such prefix 7d1f": true}
	for name := range held {
		prefixes[name] = true
		prefixes[name[:len(name)/2]] = true
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			prefixes[name[:i]], prefixes[name[:i+1]] = true, true
		}
	}
	for p := range prefixes {
		p = strings.ToValidUTF8(p, "")
		got := f.collect(t, p)
		for name := range held {
			if _, ok := got[name]; ok != strings.HasPrefix(name, p) {
				t.Errorf("List(%q) gives %q: %t", p, name, ok)
			}
		}
		for name := range got {
			if !strings.HasPrefix(name, p) {
				t.Errorf("List(%q) gives %q", p, name)
			}
		}
	}
}

func (f SourceFixture) ranges(t T) {
	o, want := f.largest(t)
	n := int64(len(want))
	for _, r := range [][2]int64{{0, n}, {0, 1}, {n - 1, n}, {n / 2, n}, {n / 3, n/3 + (n+2)/3}} {
		got := make([]byte, r[1]-r[0])
		if err := f.Reader.ReadRange(t.Context(), o, r[0], got); err != nil || !bytes.Equal(got, want[r[0]:r[1]]) {
			t.Errorf("ReadRange(%q, %d, %d) = other bytes, or %v", o.Name, r[0], len(got), err)
		}
	}
	for name, content := range f.Objects {
		info, err := f.Reader.Stat(t.Context(), name)
		got := make([]byte, len(content))
		if err == nil && len(content) > 0 {
			err = f.Reader.ReadRange(t.Context(), info, 0, got)
		}
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("ReadRange(%q) = other bytes, or %v", name, err)
		}
	}
}

func (f SourceFixture) pastEnd(t T) {
	o, _ := f.largest(t)
	for _, off := range []int64{o.Size - 1, o.Size, o.Size + 5} {
		lie := o
		lie.Size = o.Size + 100 // so that a host asks the plugin at all
		err := f.Reader.ReadRange(t.Context(), lie, off, make([]byte, 2))
		wantKind(t, "ReadRange past the end", err, sdk.Invalid, sdk.Tampered)
	}
}

func (f SourceFixture) otherVersion(t T) {
	o, _ := f.largest(t)
	tag := []byte(o.ETag)
	for i := len(tag) - 1; i >= 0; i-- { // the last letter or digit becomes another
		if tag[i] != '"' {
			tag[i] = map[bool]byte{true: '1', false: '0'}[tag[i] == '0']
			break
		}
	}
	o.ETag = string(tag)
	err := f.Reader.ReadRange(t.Context(), o, 0, make([]byte, 1))
	wantKind(t, "ReadRange of version "+o.ETag, err, sdk.Tampered)
}

func (f SourceFixture) anyVersion(t T) {
	o, want := f.largest(t)
	o.ETag = sdk.AnyVersion
	got := make([]byte, len(want))
	if err := f.Reader.ReadRange(t.Context(), o, 0, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("ReadRange(%q) of any version = other bytes, or %v", o.Name, err)
	}
}

func (f SourceFixture) atOnce(t T) {
	o, want := f.largest(t)
	var wg sync.WaitGroup
	for seed := range uint64(8) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 0))
			for range 20 {
				off := r.Int64N(int64(len(want)))
				got := make([]byte, min(int64(len(want))-off, 64<<10))
				if err := f.Reader.ReadRange(t.Context(), o, off, got); err != nil || !bytes.Equal(got, want[off:][:len(got)]) {
					t.Errorf("ReadRange(%q, %d, %d) beside others = other bytes, or %v", o.Name, off, len(got), err)
					return
				}
			}
		})
	}
	wg.Wait()
}

func (f SourceFixture) replaced(t T) {
	o, was := f.largest(t)
	now := bytes.Clone(was)
	now[0] ^= 1 // the same size
	f.Replace(t, o.Name, now)
	defer f.Replace(t, o.Name, was)
	info, err := f.Reader.Stat(t.Context(), o.Name)
	if err != nil || info.ETag == o.ETag {
		t.Errorf("Stat of a replaced object = %+v, %v, want another version than %s", info, err, o.ETag)
	}
	err = f.Reader.ReadRange(t.Context(), o, 0, make([]byte, 1))
	wantKind(t, "ReadRange of the version before", err, sdk.Tampered)
}

// resized reads as a mount does at first: of any version, but of the size that was published.
func (f SourceFixture) resized(t T) {
	o, was := f.largest(t)
	defer f.Replace(t, o.Name, was)
	o.ETag = sdk.AnyVersion
	for what, now := range map[string][]byte{"cut": was[:len(was)-1], "emptied": {}, "grown": append(bytes.Clone(was), 0)} {
		f.Replace(t, o.Name, now)
		err := f.Reader.ReadRange(t.Context(), o, 0, make([]byte, 1))
		wantKind(t, "ReadRange of an object that was "+what, err, sdk.Tampered, sdk.Invalid)
	}
}
