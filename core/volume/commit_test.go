package volume_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

var roomKey = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{3}, ed25519.SeedSize))

// staging fills a folder as an application would.
func staging(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for path, b := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func outputOf(t testing.TB, dir string, s *volumetest.Store) (volume.Output, *secret.Bytes) {
	t.Helper()
	private, pub, err := sealed.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(private.Destroy)
	return volume.Output{
		Operation: "output.release", Dir: dir, Sink: s, SinkName: "results", Prefix: "out/run", Recipients: [][]byte{pub},
		Signer: roomKey, Contract: digest.Of([]byte("c")), Room: "room-1", Limit: 64 << 20,
	}, private
}

func commit(t testing.TB, o volume.Output) (volume.Committed, error) {
	t.Helper()
	p, end := permit.Issue(o.Operation, o.SinkName)
	defer end()
	return volume.Commit(t.Context(), p, o)
}

// openOutput does what a consumer does.
func openOutput(t testing.TB, s *volumetest.Store, c volume.Committed, private *secret.Bytes) map[string][]byte {
	t.Helper()
	out, dek, err := sealed.OpenOutputManifest(t.Context(), sealed.Memory(s.Get(c.Manifest)), int64(len(s.Get(c.Manifest))), private, sealed.OutputPin{
		Contract: digest.Of([]byte("c")), Digest: c.Digest, Signer: roomKey.Public().(ed25519.PublicKey),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer dek.Destroy()
	files := map[string][]byte{}
	for e, err := range out.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		b := s.Get(e.Blob)
		o, err := sealed.NewOpener(dek, e.Header, out.FileContext(e.Path), e.Size)
		if err != nil {
			t.Fatal(err)
		}
		plain := []byte{}
		for i := range sealed.Segments(e.Size) {
			off, n := o.SealedRange(i, i+1)
			if plain, err = o.Open(plain, i, b[off:off+n]); err != nil {
				t.Fatal(err)
			}
		}
		if !digest.Of(plain).Equal(e.SHA256) {
			t.Errorf("%s: digest differs", e.Path)
		}
		files[e.Path] = plain
	}
	return files
}

func TestWhatIsCommittedIsOpened(t *testing.T) {
	files := map[string][]byte{"model": volumetest.Bytes(3_000_000, 1), "a/b/report.txt": []byte("r"), "empty": {}, "a-b": []byte("x"), "ö\n": []byte("y")}
	for i := range 20 {
		files[fmt.Sprintf("many/%02d", i)] = volumetest.Bytes(i*10_000, byte(i))
	}
	s := &volumetest.Store{}
	o, private := outputOf(t, staging(t, files), s)
	c, err := commit(t, o)
	if err != nil {
		t.Fatal(err)
	}
	var total int64
	for path, b := range files {
		total += int64(len(path) + len(b))
	}
	if c.Files != len(files) || c.Bytes != total || c.Manifest != "out/run/manifest" {
		t.Errorf("Commit = %+v, want %d files of %d bytes", c, len(files), total)
	}
	if got := openOutput(t, s, c, private); !maps.EqualFunc(got, files, bytes.Equal) {
		t.Errorf("%d files came back, or differ", len(got))
	}
	for _, name := range s.Names() {
		if strings.Contains(name, "model") || bytes.Contains(s.Get(name), []byte("report")) {
			t.Errorf("object %s shows a name", name)
		}
	}
}

// Names leave too: an application could say anything in those of many empty files.
func TestPathsCountAgainstTheLimit(t *testing.T) {
	for name, tc := range map[string]struct {
		operation string
		limit     int64
		want      fault.Kind
	}{
		"an output up to its limit passes":    {"output.release", 8, 0},
		"an output above its limit is Denied": {"output.release", 7, fault.Denied},
		"a log's names are the room's own":    {"logs.export", 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			o, _ := outputOf(t, staging(t, map[string][]byte{"d/e": {}, "abcd": []byte("x")}), &volumetest.Store{})
			o.Operation, o.Limit = tc.operation, tc.limit
			if _, err := commit(t, o); fault.KindOf(err) != tc.want || (err == nil) != (tc.want == 0) {
				t.Errorf("Commit = %v, want %v", err, tc.want)
			}
		})
	}
}

func TestNoFilesIsAnOutputToo(t *testing.T) {
	s := &volumetest.Store{}
	o, private := outputOf(t, t.TempDir(), s)
	c, err := commit(t, o)
	if err != nil || len(openOutput(t, s, c, private)) != 0 {
		t.Errorf("Commit = %+v, %v", c, err)
	}
}

func TestOnlyRegularFilesLeave(t *testing.T) {
	for name, leave := range map[string]func(dir string) error{
		"a symbolic link":          func(dir string) error { return os.Symlink("/etc/passwd", filepath.Join(dir, "patient-l")) },
		"a link to its own folder": func(dir string) error { return os.Symlink(".", filepath.Join(dir, "patient-l")) },
		"a pipe":                   func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "patient-p"), 0o644) },
		"a socket": func(dir string) error {
			return syscall.Mknod(filepath.Join(dir, "patient-s"), syscall.S_IFSOCK|0o644, 0)
		},
		"a name that is not UTF-8": func(dir string) error { return os.WriteFile(filepath.Join(dir, "patient\xff"), nil, 0o644) },
		"a byte too many": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "patient-b"), make([]byte, 1000), 0o644)
		},
		"a sparse giant": func(dir string) error { return os.Truncate(filepath.Join(dir, "patient"), 1<<40) },
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			s := &volumetest.Store{}
			dir := staging(t, map[string][]byte{"patient": []byte("x")})
			if err := leave(dir); err != nil {
				t.Fatal(err)
			}
			o, _ := outputOf(t, dir, s)
			o.Limit = 1000
			c, err := commit(t, o)
			if fault.KindOf(err) != fault.Denied || err == nil {
				t.Errorf("Commit = %+v, %v; want Denied", c, err)
			}
			// The operator reads the error, and the application chose the name.
			if err != nil && strings.Contains(err.Error(), "patient") {
				t.Errorf("Commit = %v, with the file's name in it", err)
			}
			if left := s.Names(); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

func TestCommitRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*volume.Output)
		want   fault.Kind
	}{
		"another operation": {func(o *volume.Output) { o.Operation = "data.present" }, fault.Denied},
		"no operation":      {func(o *volume.Output) { o.Operation = "" }, fault.Denied},
		"no limit":          {func(o *volume.Output) { o.Limit = 0 }, fault.Invalid},
		"no prefix":         {func(o *volume.Output) { o.Prefix = "" }, fault.Invalid},
		"a prefix upwards":  {func(o *volume.Output) { o.Prefix = "../x" }, fault.Invalid},
		"no recipient":      {func(o *volume.Output) { o.Recipients = nil }, fault.Invalid},
		"no signer":         {func(o *volume.Output) { o.Signer = nil }, fault.Invalid},
		"no contract":       {func(o *volume.Output) { o.Contract = digest.SHA256{} }, fault.Invalid},
		"no room":           {func(o *volume.Output) { o.Room = "" }, fault.Invalid},
		"no sink":           {func(o *volume.Output) { o.Sink = nil }, fault.Invalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			s := &volumetest.Store{}
			o, _ := outputOf(t, staging(t, map[string][]byte{"a": {1}}), s)
			tc.change(&o)
			if c, err := commit(t, o); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("Commit = %+v, %v; want %v", c, err, tc.want)
			}
			if left := s.Names(); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
	o, _ := outputOf(t, t.TempDir(), &volumetest.Store{})
	p, end := permit.Issue("logs.export", o.SinkName)
	defer end()
	if _, err := volume.Commit(t.Context(), p, o); fault.KindOf(err) != fault.Denied || err == nil {
		t.Errorf("with the permit of another operation: %v, want Denied", err)
	}
}

func TestTwoRoomsOnePlace(t *testing.T) {
	s := &volumetest.Store{}
	var outs []volume.Output
	var keys []*secret.Bytes
	for i := range 2 {
		o, private := outputOf(t, staging(t, map[string][]byte{"a": {byte(i)}}), s)
		outs, keys = append(outs, o), append(keys, private)
	}
	var wg sync.WaitGroup
	var won atomic.Int64
	for i := range outs {
		wg.Go(func() {
			c, err := commit(t, outs[i])
			switch {
			case err == nil:
				won.Add(1)
				if got := openOutput(t, s, c, keys[i]); got["a"][0] != byte(i) {
					t.Error("the winner's output is another's")
				}
			case fault.KindOf(err) != fault.Denied:
				t.Errorf("the loser is told %v, want Denied", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || len(s.Names()) != 2 {
		t.Errorf("%d rooms won, the store has %v", won.Load(), s.Names())
	}
}

// TestAFailureAtAnyWriteLeavesNothing fails each write in turn, before it and after.
func TestAFailureAtAnyWriteLeavesNothing(t *testing.T) {
	files := map[string][]byte{"a": {1}, "b": volumetest.Bytes(200_000, 1), "c": {3}}
	for _, kind := range []fault.Kind{fault.Denied, fault.Internal} {
		for step := range int64(8) {
			var n atomic.Int64
			s := &volumetest.Store{OnPut: func(_ string, _ bool) error {
				if n.Add(1)-1 == step {
					return fault.New(kind, "store", "disk full")
				}
				return nil
			}}
			if kind == fault.Denied && step == 7 {
				continue // "refused" after the manifest was stored is not an answer of a store
			}
			o, _ := outputOf(t, staging(t, files), s)
			c, err := commit(t, o)
			switch visible := s.Get("out/run/manifest") != nil; {
			case step == 7: // the answer to the last write was lost, and it is found
				if err != nil || !visible || len(s.Names()) != len(files)+1 {
					t.Errorf("step %d, %v: Commit = %+v, %v; the store has %v", step, kind, c, err, s.Names())
				}
			case err == nil || visible:
				t.Errorf("step %d, %v: Commit = %+v, %v; visible %v", step, kind, c, err, visible)
			case step == 6 && kind == fault.Internal: // nobody knows whether the manifest arrives yet
				if len(s.Names()) != len(files) {
					t.Errorf("step %d, %v: the store has %v", step, kind, s.Names())
				}
			case len(s.Names()) != 0:
				t.Errorf("step %d, %v: left behind %v", step, kind, s.Names())
			}
		}
	}
}

func TestABusySinkIsAskedAgain(t *testing.T) {
	var n atomic.Int64
	s := &volumetest.Store{OnPut: func(string, bool) error {
		if n.Add(1)%3 == 1 {
			return fault.New(fault.Unavailable, "store", "busy")
		}
		return nil
	}}
	files := map[string][]byte{"a": volumetest.Bytes(300_000, 1)}
	o, private := outputOf(t, staging(t, files), s)
	c, err := commit(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := openOutput(t, s, c, private); !bytes.Equal(got["a"], files["a"]) {
		t.Error("what came back differs")
	}
	if len(s.Names()) != 2 {
		t.Errorf("the store has %v", s.Names())
	}
}

func TestAnInterruptedCommitLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &volumetest.Store{OnPut: func(string, bool) error { cancel(); return nil }}
	o, _ := outputOf(t, staging(t, map[string][]byte{"a": {1}, "b": {2}}), s)
	p, end := permit.Issue(o.Operation, o.SinkName)
	defer end()
	if c, err := volume.Commit(ctx, p, o); !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Interrupted {
		t.Errorf("Commit = %+v, %v; want Interrupted", c, err)
	}
	if left := s.Names(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// A sink that says yes without taking the bytes is found out.
type lazySink struct{ *volumetest.Store }

func (lazySink) Put(_ context.Context, name string, size int64, body io.Reader, _ object.Condition) (object.Info, error) {
	_, err := io.CopyN(io.Discard, body, size/2)
	return object.Info{Name: name, ETag: `"x"`, Size: size}, err
}

func TestASinkThatDoesNotTakeItAllIsTampered(t *testing.T) {
	o, _ := outputOf(t, staging(t, map[string][]byte{"a": volumetest.Bytes(500_000, 1)}), nil)
	o.Sink = lazySink{&volumetest.Store{}}
	if c, err := commit(t, o); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("Commit = %+v, %v; want Tampered", c, err)
	}
}
