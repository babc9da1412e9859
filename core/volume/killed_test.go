package volume_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
)

// dying is a room that commits in a process of its own, and is killed at a step.
type dying struct {
	Socket, Dir, Prefix string
	Recipient           []byte
	At                  int64 // from 1
	Serial              bool  // one object at a time
}

// die is the process of a room.
func die(text string) error {
	var d dying
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		return err
	}
	var seen atomic.Int64
	sink := &steps{one: d.Serial, reach: func(what string) error {
		if seen.Add(1) == d.At {
			fmt.Println(what)
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
		return nil
	}}
	sink.under = remote{&http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", d.Socket)
	}}}}
	p, end := permit.Issue("output.release", "results")
	defer end()
	_, err := volume.Commit(context.Background(), p, volume.Output{
		Operation: "output.release", Dir: d.Dir, Sink: sink, SinkName: "results", Prefix: d.Prefix, Recipients: [][]byte{d.Recipient},
		Signer: roomKey, Contract: digest.Of([]byte("c")), Room: "room-1", Limit: 64 << 20,
	})
	if err == nil {
		err = sink.reach("committed")
	}
	return err
}

// remote is a sink behind HTTP. Its kinds are in the status.
type remote struct{ c *http.Client }

func (r remote) do(ctx context.Context, method, name, etag string, size int64, body io.Reader) (object.Info, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://store/"+name, body)
	if err != nil {
		return object.Info{}, err
	}
	req.ContentLength = size
	req.Header.Set("If-Match", etag)
	resp, err := r.c.Do(req)
	if err != nil {
		return object.Info{}, fault.New(fault.Unavailable, "remote", "%w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return object.Info{}, fault.New(fault.Kind(resp.StatusCode-600), "remote", "%s %s", method, name)
	}
	return object.Info{Name: name, Size: size, ETag: resp.Header.Get("ETag")}, nil
}

func (r remote) Put(ctx context.Context, name string, size int64, body io.Reader, _ object.Condition) (object.Info, error) {
	return r.do(ctx, http.MethodPut, name, "", size, body)
}

func (r remote) Stat(ctx context.Context, name string) (object.Info, error) {
	return r.do(ctx, http.MethodHead, name, "", 0, nil)
}

func (r remote) Delete(ctx context.Context, o object.Info) error {
	_, err := r.do(ctx, http.MethodDelete, o.Name, o.ETag, 0, nil)
	return err
}

func serveStore(s *volumetest.Store) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, "/")
		var o object.Info
		var err error
		switch r.Method {
		case http.MethodPut:
			o, err = s.Put(context.WithoutCancel(r.Context()), name, r.ContentLength, r.Body, object.Condition{})
		case http.MethodHead:
			o, err = s.Stat(r.Context(), name)
		case http.MethodDelete:
			err = s.Delete(r.Context(), object.Info{Name: name, ETag: r.Header.Get("If-Match")})
		}
		w.Header().Set("ETag", o.ETag)
		if err != nil {
			w.WriteHeader(600 + int(fault.KindOf(err)))
		}
	})
}

func TestARoomIsKilledAtEveryStepOfItsCommit(t *testing.T) {
	for name, serial := range map[string]bool{"one object at a time": true, "side by side": false} {
		t.Run(name, func(t *testing.T) {
			dir, n, visible, kinds := staging(t, committed), int64(1), 0, map[string]int{}
			for ; ; n++ {
				s := &volumetest.Store{}
				before := map[string][]byte{"old": []byte("o"), "e": {}}
				old, keyOfOld := outputOf(t, staging(t, before), s)
				old.Prefix = "out/old"
				outOld, err := commit(t, old)
				if err != nil {
					t.Fatal(err)
				}
				o, private := outputOf(t, dir, s)
				what, dead := runAndKill(t, s, dying{Dir: dir, Prefix: o.Prefix, Recipient: o.Recipients[0], At: n, Serial: serial})
				at := fmt.Sprintf("step %d (%s)", n, what)
				kinds[what]++
				killed := volume.Committed{Manifest: "out/run/manifest", Digest: digest.Of(s.Get("out/run/manifest"))}
				there := s.Get(killed.Manifest) != nil
				if there {
					sameFiles(t, at, s, killed, private, committed)
				}
				if !dead {
					break
				}
				left := len(s.Names())
				fresh, keyOfFresh := outputOf(t, dir, s) // another room, at the same place
				out, err := commit(t, fresh)
				switch {
				case there && (err == nil || fault.KindOf(err) != fault.Denied || len(s.Names()) != left):
					t.Fatalf("%s: another room is told %v, the store has %v", at, err, s.Names())
				case there:
					visible++
					sameFiles(t, at, s, killed, private, committed)
				case err != nil:
					t.Fatalf("%s: Commit of another room = %v", at, err)
				default:
					sameFiles(t, at, s, out, keyOfFresh, committed)
				}
				next, keyOfNext := outputOf(t, dir, s)
				next.Prefix = "out/next"
				if out, err = commit(t, next); err != nil {
					t.Fatalf("%s: Commit of the next room = %v", at, err)
				}
				sameFiles(t, at, s, out, keyOfNext, committed)
				sameFiles(t, at, s, outOld, keyOfOld, before)
			}
			t.Logf("killed at each of %d steps, %d of them after the output was visible: %v", n-1, visible, kinds)
			if visible == 0 || visible == int(n-1) {
				t.Errorf("visible after %d of %d kills", visible, n-1)
			}
		})
	}
}

// runAndKill runs a room on s, and returns where it was killed. What it has sent is in s.
func runAndKill(t *testing.T, s *volumetest.Store, d dying) (what string, dead bool) {
	t.Helper()
	d.Socket = filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", d.Socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: serveStore(s)}
	go server.Serve(l)
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", string(text))
	cmd.Env = []string{helperRole + "=die"}
	cmd.Stdout, cmd.Stderr = &out, &out
	err = cmd.Run()
	if err := server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if dead = w.Signaled() && w.Signal() == syscall.SIGKILL; !dead && err != nil {
		t.Fatalf("the room ended with %v: %s", err, out.String())
	}
	return strings.TrimSpace(out.String()), dead
}
