package dataset_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/blobs/blobstest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// small has files of no, one and several pieces.
var small = map[string][]byte{"a": {}, "b/c": []byte("x"), "d": volumetest.Bytes(100_000, 2)}

// sealedIn seals files as a version into a new folder, with its description.
func sealedIn(t *testing.T, files map[string][]byte, version uint64) (string, dataset.Description) {
	t.Helper()
	dir := t.TempDir()
	f := openFolder(t, dir)
	d, err := dataset.Seal(t.Context(), dataset.SealOptions{
		Dir: write(t, files), Sink: f, Dataset: "north", Version: version, KEK: volumetest.Key(t, 9), Signer: signer(),
	})
	if err != nil {
		t.Fatal(err)
	}
	b, err := d.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, dataset.DescriptionName), b, 0o644); err != nil {
		t.Fatal(err)
	}
	return dir, d
}

func openFolder(t *testing.T, dir string) *dataset.Folder {
	t.Helper()
	f, err := dataset.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// whole fails unless the version is in the store as it was sealed, and nothing beside it.
func whole(t *testing.T, at string, s dataset.Store, d dataset.Description) {
	t.Helper()
	if r, err := dataset.Verify(t.Context(), s, d, volumetest.Key(t, 9), nil); err != nil || !r.Listed {
		t.Fatalf("%s: version %d: Verify = %+v, %v", at, d.Version, r, err)
	}
}

// oldOrNew is what must hold after a provider of version 2 was killed, and after its next run.
func oldOrNew(t *testing.T, at string, s dataset.Store, from *dataset.Folder, old, new dataset.Description) (visible bool) {
	t.Helper()
	whole(t, at, s, old)
	if _, err := s.Stat(t.Context(), new.Manifest); err == nil {
		whole(t, at, s, new)
		visible = true
	} else if fault.KindOf(err) != fault.NotFound {
		t.Fatalf("%s: Stat of the manifest = %v", at, err)
	}
	if _, err := dataset.Publish(t.Context(), from, new, s, nil); err != nil {
		t.Fatalf("%s: Publish again = %v", at, err)
	}
	b, err := volume.ReadObject(t.Context(), s, new.Manifest, 1<<20)
	if err != nil || !digest.Of(b).Equal(new.ManifestDigest) {
		t.Fatalf("%s: the manifest is %s, %v; want %s", at, digest.Of(b), err, new.ManifestDigest)
	}
	whole(t, at, s, old)
	whole(t, at, s, new)
	return visible
}

// noLeftovers fails where a folder has a file that is not whole.
func noLeftovers(t *testing.T, at, dir string) {
	t.Helper()
	if err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.Contains(path, ".putting-") {
			t.Errorf("%s: %s is left", at, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestKilledAtEveryStepOfPublishIntoAFolder(t *testing.T) {
	store, old := sealedIn(t, small, 1)
	from, new := sealedIn(t, small, 2)
	source := openFolder(t, from)
	for name, one := range map[string]bool{"one object at a time": true, "side by side": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			steps, visible, kinds := int64(1), 0, map[string]int{}
			for ; ; steps++ {
				at := fmt.Sprintf("step %d", steps)
				to := filepath.Join(t.TempDir(), "store")
				if err := os.CopyFS(to, os.DirFS(store)); err != nil {
					t.Fatal(err)
				}
				var out, stderr bytes.Buffer
				c := provider(t, role{DieAt: steps, Serial: one, From: from, To: to})
				c.Stdout, c.Stderr = &out, &stderr
				if !killed(t, c, c.Run(), stderr.String()) {
					break
				}
				kinds[strings.TrimSpace(out.String())]++
				if oldOrNew(t, at+" ("+out.String()+")", openFolder(t, to), source, old, new) {
					visible++
				}
				noLeftovers(t, at, to)
			}
			t.Logf("killed at each of %d steps, %d of them after version 2 was visible: %v", steps-1, visible, kinds)
			if visible == 0 || visible == int(steps-1) {
				t.Errorf("version 2 was visible after %d of %d kills", visible, steps-1)
			}
		})
	}
}

// moments are those of one request at which the provider is killed.
var moments = []string{"before it reaches the store", "in the middle of its body", "before its answer"}

// deadly forwards requests to a store, and kills the provider at a moment of one of them.
type deadly struct {
	to     http.Handler
	at     int64 // moments from the beginning, from 1
	seen   atomic.Int64
	victim atomic.Pointer[exec.Cmd]
	dead   chan struct{} // closed when the victim is no more
}

func (d *deadly) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n := int64(len(moments))
	first := d.seen.Add(n) - n + 1
	switch d.at - first {
	case 0:
		d.kill()
		return
	case 1:
		half := *r
		half.Body = http.NoBody
		if r.ContentLength > 0 {
			half.Body = &cutOff{r.Body, r.ContentLength / 2, d.kill}
			d.to.ServeHTTP(httptest.NewRecorder(), &half)
			return
		}
		d.kill()
	case 2:
		d.to.ServeHTTP(httptest.NewRecorder(), r)
		d.kill()
	default:
		d.to.ServeHTTP(w, r)
	}
}

func (d *deadly) kill() {
	_ = d.victim.Load().Process.Kill()
	<-d.dead
}

// cutOff ends a body early, as a connection that breaks does.
type cutOff struct {
	io   interface{ Read([]byte) (int, error) }
	left int64
	then func()
}

func (c *cutOff) Read(p []byte) (int, error) {
	if c.left == 0 {
		c.then()
		return 0, fmt.Errorf("cut off")
	}
	n, err := c.io.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

func (c *cutOff) Close() error { return nil }

func TestKilledAtEveryRequestOfPublishIntoAContainer(t *testing.T) {
	t.Parallel()
	needs.Azurite(t)
	needs.Program(t, "node")
	a, err := blobstest.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	large := map[string][]byte{"a": {}, "b/c": []byte("x"), "d": volumetest.Bytes(8<<20+5, 2)} // d goes in blocks
	first, old := sealedIn(t, small, 1)
	from, new := sealedIn(t, large, 2)
	source := openFolder(t, from)
	target, err := url.Parse(a.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	account := target.Path
	target.Path = ""
	forward := httputil.NewSingleHostReverseProxy(target)
	forward.ErrorHandler = func(http.ResponseWriter, *http.Request, error) {} // a killed provider's connections break
	steps, visible := int64(1), 0
	for ; ; steps++ {
		at := fmt.Sprintf("moment %d", steps)
		name := fmt.Sprintf("north%d", steps)
		c, err := a.Container(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		token, err := blobstest.Token(c, sas.ContainerPermissions{Read: true, Create: true, Write: true, List: true})
		if err != nil {
			t.Fatal(err)
		}
		store, err := blobs.New(blobs.Options{Endpoint: a.Endpoint, Container: name, SAS: token})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := dataset.Publish(t.Context(), openFolder(t, first), old, store, nil); err != nil {
			t.Fatal(err)
		}
		d := &deadly{to: forward, at: steps, dead: make(chan struct{})}
		between := httptest.NewServer(d)
		p := provider(t, role{From: from, Endpoint: between.URL + account, Container: name, SAS: token})
		var stderr bytes.Buffer
		p.Stderr = &stderr
		d.victim.Store(p)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		err = p.Wait()
		close(d.dead)
		between.Close()
		if !killed(t, p, err, stderr.String()) {
			break
		}
		if oldOrNew(t, at+": "+moments[(steps-1)%int64(len(moments))], store, source, old, new) {
			visible++
		}
	}
	t.Logf("killed at each of %d moments of %d requests, %d of them after version 2 was visible", steps-1, (steps-1)/int64(len(moments)), visible)
	if visible == 0 || visible == int(steps-1) {
		t.Errorf("version 2 was visible after %d of %d kills", visible, steps-1)
	}
}
