package dataset_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

var files = map[string][]byte{
	"patients.csv": []byte("id,age\n1,50\n"), "deep/er/x": volumetest.Bytes(3_000_000, 1), "empty": {}, "a b": {1},
}

func write(t testing.TB, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for path, b := range files {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checkFiles wants exactly these files, for the owner alone.
func checkFiles(t testing.TB, dir string, want map[string][]byte) {
	t.Helper()
	n := 0
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		n++
		rel, _ := filepath.Rel(dir, path)
		got, err := os.ReadFile(path)
		if b, ok := want[rel]; !ok || err != nil || !bytes.Equal(got, b) {
			t.Errorf("%s: %d bytes, %v", rel, len(got), err)
		}
		if st, err := e.Info(); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", rel, st.Mode(), err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if n != len(want) {
		t.Errorf("%d files, want %d", n, len(want))
	}
}

func signer() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize))
}

func folder(t testing.TB) *dataset.Folder {
	t.Helper()
	f, err := dataset.OpenFolder(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func sealTo(t testing.TB, sink volume.Sink, version uint64) dataset.Description {
	t.Helper()
	d, err := dataset.Seal(t.Context(), dataset.SealOptions{
		Dir: write(t, files), Sink: sink, Dataset: "north", Version: version, KEK: volumetest.Key(t, 9), Signer: signer(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestSealPublishVerifyOpen(t *testing.T) {
	local, store, kek := folder(t), listing{Store: &volumetest.Store{}}, volumetest.Key(t, 9)
	d := sealTo(t, local, 1)
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := dataset.ParseDescription(b); err != nil || fmt.Sprint(back) != fmt.Sprint(d) {
		t.Errorf("the description came back as %v, %v", back, err)
	}
	var seen int
	r, err := dataset.Publish(t.Context(), local, d, store, func(n int, _ int64) { seen = n })
	if err != nil || r.Files != len(files) || seen != len(files) {
		t.Fatalf("Publish = %+v, %v; progress ended at %d", r, err, seen)
	}
	for _, n := range store.Names() {
		if bytes.Contains(store.Get(n), []byte("id,age")) || bytes.Contains([]byte(n), []byte("patients")) {
			t.Errorf("object %s shows something", n)
		}
	}
	if r, err := dataset.Verify(t.Context(), store, d, kek, nil); err != nil || r.Files != len(files) || r.Bytes != 3_000_013 || !r.Listed {
		t.Errorf("Verify = %+v, %v", r, err)
	}
	if list, err := dataset.List(t.Context(), store, d, kek); err != nil || len(list) != len(files) || list[0].Path != "a b" {
		t.Errorf("List = %v, %v", list, err)
	}
	dir := filepath.Join(t.TempDir(), "opened")
	if _, err := dataset.Open(t.Context(), store, d, kek, dir, nil); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, files)
	if _, err := dataset.Open(t.Context(), store, d, kek, dir, nil); fault.KindOf(err) != fault.Invalid || err == nil {
		t.Errorf("Open over a folder that exists: %v", err)
	}
	store.OnPut = func(name string, _ bool) error {
		if name == d.Manifest {
			return nil // it is not written over: the store refuses
		}
		return fault.New(fault.Internal, "store", "%s is sent again", name)
	}
	if r, err := dataset.Publish(t.Context(), local, d, store, nil); err != nil || r.Files != len(files) {
		t.Errorf("Publish again = %+v, %v; want the same as before, and nothing sent", r, err)
	}
	store.OnPut = nil
	store.Set(d.Manifest, []byte("another"))
	if _, err := dataset.Publish(t.Context(), local, d, store, nil); fault.KindOf(err) != fault.Denied || err == nil {
		t.Errorf("Publish over another manifest = %v, want Denied", err)
	}
}

func TestAnInterruptedPublishGoesOn(t *testing.T) {
	local, kek := folder(t), volumetest.Key(t, 9)
	d := sealTo(t, local, 1)
	for step := range 2 * (len(files) + 1) {
		var n atomic.Int64
		store := listing{Store: &volumetest.Store{}}
		if step%2 == 1 {
			store.refuse = fault.New(fault.Denied, "store", "may not be listed")
		}
		store.OnPut = func(_ string, _ bool) error {
			if int(n.Add(1)-1) == step {
				return fault.New(fault.Internal, "store", "cut")
			}
			return nil
		}
		_, err := dataset.Publish(t.Context(), local, d, &oneAtATime{listing: store}, nil)
		if err == nil {
			t.Errorf("step %d: Publish succeeded", step)
		}
		if visible := store.Get(d.Manifest) != nil; visible && step != 2*len(files)+1 {
			t.Errorf("step %d: the manifest is visible", step)
		} else if visible {
			continue
		}
		had := len(store.Names())
		var sent atomic.Int64
		store.OnPut = func(_ string, after bool) error {
			if after {
				sent.Add(1)
			}
			return nil
		}
		if _, err := dataset.Publish(t.Context(), local, d, store, nil); err != nil || int(sent.Load()) != len(files)+1-had {
			t.Errorf("step %d: Publish again = %v; %d objects sent, %d were missing", step, err, sent.Load(), len(files)+1-had)
		}
		if _, err := dataset.Verify(t.Context(), store, d, kek, nil); err != nil {
			t.Errorf("step %d: Verify = %v", step, err)
		}
	}
}

func TestVerifyAndOpenNoticeChanges(t *testing.T) {
	kek := volumetest.Key(t, 9)
	for name, change := range map[string]func(s *volumetest.Store, blobs []string){
		"a flipped bit":    func(s *volumetest.Store, b []string) { s.Corrupt(b[0], func(x []byte) []byte { x[45] ^= 1; return x }) },
		"a blob gone":      func(s *volumetest.Store, b []string) { s.Remove(b[1]) },
		"a blob cut":       func(s *volumetest.Store, b []string) { s.Corrupt(b[2], func(x []byte) []byte { return x[:len(x)-1] }) },
		"swapped blobs":    func(s *volumetest.Store, b []string) { x := s.Get(b[0]); s.Set(b[0], s.Get(b[1])); s.Set(b[1], x) },
		"a blob added":     func(s *volumetest.Store, _ []string) { s.Set("north/v1/more", []byte("x")) },
		"another manifest": func(s *volumetest.Store, _ []string) { s.Set("north/v1/manifest", s.Get("north/v2/manifest")) },
	} {
		t.Run(name, func(t *testing.T) {
			store := &volumetest.Store{}
			d := sealTo(t, store, 1)
			blobs := store.Names()[:len(files)]
			sealTo(t, store, 2)
			change(store, blobs)
			if _, err := dataset.Verify(t.Context(), listing{Store: store}, d, kek, nil); fault.KindOf(err) != fault.Tampered || err == nil {
				t.Errorf("Verify = %v, want Tampered", err)
			}
			if name == "a blob added" { // what the manifest does not name is not opened
				return
			}
			parent := t.TempDir()
			if _, err := dataset.Open(t.Context(), store, d, kek, filepath.Join(parent, "x"), nil); fault.KindOf(err) != fault.Tampered || err == nil {
				t.Errorf("Open = %v, want Tampered", err)
			}
			if left, _ := os.ReadDir(parent); len(left) != 0 {
				t.Errorf("Open left %v", left)
			}
		})
	}
	store := listing{Store: &volumetest.Store{}}
	d := sealTo(t, store, 1)
	if _, err := dataset.Verify(t.Context(), store, d, volumetest.Key(t, 8), nil); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("with another KEK: %v, want Tampered", err)
	}
	d.Version = 2
	if _, err := dataset.Verify(t.Context(), store, d, kek, nil); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("as another version: %v, want Tampered", err)
	}
}

func TestSealRefusals(t *testing.T) {
	store := &volumetest.Store{}
	sealTo(t, store, 1)
	before := len(store.Names())
	good := dataset.SealOptions{Dir: write(t, files), Sink: store, Dataset: "north", Version: 2, KEK: volumetest.Key(t, 9), Signer: signer()}
	link := write(t, nil)
	if err := os.Symlink("/etc/passwd", filepath.Join(link, "l")); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*dataset.SealOptions)
		want   fault.Kind
	}{
		"a version that is there": {func(o *dataset.SealOptions) { o.Version = 1 }, fault.Denied},
		"version 0":               {func(o *dataset.SealOptions) { o.Version = 0 }, fault.Invalid},
		"no key":                  {func(o *dataset.SealOptions) { o.KEK = nil }, fault.Invalid},
		"no signer":               {func(o *dataset.SealOptions) { o.Signer = nil }, fault.Invalid},
		"no name":                 {func(o *dataset.SealOptions) { o.Dataset = "" }, fault.Invalid},
		"a name with a space":     {func(o *dataset.SealOptions) { o.Dataset = "a b" }, fault.Invalid},
		"a symbolic link":         {func(o *dataset.SealOptions) { o.Dir = link }, fault.Denied},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			o := good
			tc.change(&o)
			if d, err := dataset.Seal(t.Context(), o); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("Seal = %v, %v; want %v", d, err, tc.want)
			}
			if n := len(store.Names()); n != before {
				t.Errorf("%d objects left behind", n-before)
			}
		})
	}
}

func TestAConsumerOpensAnOutput(t *testing.T) {
	store, dir := &volumetest.Store{}, t.TempDir()
	private, pub, err := sealed.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	defer private.Destroy()
	contract := digest.Of([]byte("contract"))
	p, end := permit.Issue("output.release", "results")
	c, err := volume.Commit(t.Context(), p, volume.Output{
		Operation: "output.release", Dir: write(t, files), Sink: store, SinkName: "results", Prefix: "o/r1",
		Recipients: [][]byte{pub}, Signer: signer(), Contract: contract, Room: "r1", Limit: 1 << 30,
	})
	end()
	if err != nil {
		t.Fatal(err)
	}
	good := dataset.OpenOptions{
		Source: store, Manifest: c.Manifest, Digest: c.Digest, Contract: contract,
		Room: signer().Public().(ed25519.PublicKey), Key: private, Dir: filepath.Join(dir, "out"),
	}
	out, err := dataset.OpenOutput(t.Context(), good)
	if err != nil || out.Room != "r1" || out.Sink != "results" {
		t.Fatalf("OpenOutput = %+v, %v", out, err)
	}
	checkFiles(t, good.Dir, files)
	other, _, err := sealed.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Destroy()
	for name, tc := range map[string]struct {
		change func(*dataset.OpenOptions)
		want   fault.Kind
	}{
		"another digest":   {func(o *dataset.OpenOptions) { o.Digest = digest.Of(nil) }, fault.Tampered},
		"no digest":        {func(o *dataset.OpenOptions) { o.Digest = digest.SHA256{} }, fault.Invalid},
		"another contract": {func(o *dataset.OpenOptions) { o.Contract = digest.Of(nil) }, fault.Tampered},
		"another room":     {func(o *dataset.OpenOptions) { o.Room = pub }, fault.Tampered},
		"another key":      {func(o *dataset.OpenOptions) { o.Key = other }, fault.Denied},
		"no such manifest": {func(o *dataset.OpenOptions) { o.Manifest = "none" }, fault.NotFound},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			o := good
			o.Dir = filepath.Join(dir, "other")
			tc.change(&o)
			if _, err := dataset.OpenOutput(t.Context(), o); fault.KindOf(err) != tc.want || err == nil {
				t.Errorf("OpenOutput = %v, want %v", err, tc.want)
			}
			if _, err := os.Stat(o.Dir); err == nil {
				t.Error("a folder was made")
			}
		})
	}
}
