package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
)

// wrong is one thing that is not as it must be.
type wrong struct {
	do   func(*testing.T, command) command // changes a copy of all that the room is given
	exit int
	want string // in the one line that says why
}

var wrongs = map[string]wrong{
	"no specification":                            {remove("spec.yaml"), 3, "spec.yaml: no such file"},
	"a folder for a specification":                {folder("spec.yaml"), 3, "spec.yaml: is a directory"},
	"an unknown field":                            {edit("spec.yaml", "workDir: /", "workDir: /\n  privileged: true"), 3, "privileged"},
	"a wrong type":                                {edit("spec.yaml", "pids: 64", "pids: many"), 3, "pids"},
	"a duplicate key":                             {edit("spec.yaml", "wallTime: 60s", "wallTime: 60s\n  wallTime: 61s"), 3, "wallTime"},
	"a half-written specification":                {cut("spec.yaml", "config: {"), 3, "specification: spec: is not YAML"},
	"bytes that are no text":                      {edit("spec.yaml", "workDir", "work\xffDir"), 3, "specification"},
	"a second document":                           {edit("spec.yaml", "bytesOut: 4MiB", "bytesOut: 4MiB\n---\nname: x"), 3, "document"},
	"another specification":                       {edit("spec.yaml", "wallTime: 60s", "wallTime: 61s"), 5, "specification: digest is"},
	"another digest named":                        {flag("--specification", digest.Of([]byte("x")).String()), 5, "specification: digest is"},
	"a changed lock":                              {edit("images.lock", "}", "} "), 5, "images.lock: digest is"},
	"a half-written lock":                         {then(halve("images.lock"), relock), 3, "lock"},
	"another image in the lock":                   {then(otherImage, relock), 5, "host data: the platform enforces policy"},
	"no lock":                                     {remove("images.lock"), 3, "images.lock: no such file"},
	"no image":                                    {remove("images"), 7, "image"},
	"a changed image":                             {changeImage, 6, "image"},
	"no API policy":                               {remove("policies"), 3, "policies/reference"},
	"a changed API policy":                        {edit("policies/reference/policy.rego", "package", "package "), 6, "polic"},
	"half-written credentials":                    {halve("credentials.json"), 3, "credentials.json"},
	"no bundle":                                   {flag("--bundle", "/nowhere"), 7, "bind bundle: /nowhere: no such file"},
	"no Envoy":                                    {flag("--envoy", "/nowhere"), 7, "bind envoy: /nowhere: no such file"},
	"an Envoy that is none":                       {flag("--envoy", "/dev/null"), 7, "envoy"},
	"no plugin folder":                            {flag("--plugins", "/nowhere"), 7, "bind plugins: /nowhere: no such file"},
	"no plugin":                                   {plugins(func(t *testing.T, dir string) { must(t, os.Remove(dir+"/sink/azblob")) }), 7, "sink/azblob"},
	"a plugin without its manifest":               {plugins(func(t *testing.T, dir string) { must(t, os.Remove(dir+"/sink/azblob.json")) }), 7, "sink/azblob"},
	"a plugin that is not what its manifest says": {plugins(lie), 6, "sink/azblob"},
	"no device":                                   {flag("--sim-device", "/nowhere"), 7, "bind sim-device: /nowhere: no such file"},
	"an empty device":                             {flag("--sim-device", "/usr"), 7, "device.json: no such file"},
	"an unknown flag":                             {more("--debug"), 2, "arguments"},
	"a word too many":                             {more("now"), 2, `unexpected "now"`},
	"a digest that is none":                       {flag("--lock", "latest"), 2, "-lock"},
	"a missing flag":                              {func(_ *testing.T, c command) command { return c[:len(c)-2] }, 2, "--sim-device: required"},
	"no podman":                                   {hidden("/usr/bin/podman"), 7, "podman"},
	"no iptables":                                 {hidden("/usr/sbin/iptables-restore"), 7, "iptables"},
	"no FUSE":                                     {noFUSE, 7, "open /dev/fuse: no such file"},
}

// TestWrongInput gives the room what is wrong, one thing at a time: it ends with
// the documented code and one line that says what it is, and leaves nothing.
func TestWrongInput(t *testing.T) {
	stand(t, func(c command) {
		for name, w := range wrongs {
			t.Run(name, func(t *testing.T) {
				dir := t.TempDir()
				must(t, os.CopyFS(filepath.Join(dir, "bundle"), os.DirFS(c.get("--bundle"))))
				changed := w.do(t, c.with("--bundle", filepath.Join(dir, "bundle")))
				before := look()
				refused(t, changed.run(t, nil, nil), w.exit, w.want)
				if more := before.left(); len(more) > 0 {
					t.Errorf("left behind: %q", more)
				}
			})
		}
		t.Run("not root", func(t *testing.T) {
			binary := c[0]
			c := append(command{}, c...)
			c[0] = filepath.Join(os.TempDir(), "cleanroomd-sim")
			b, err := os.ReadFile(binary)
			must(t, err)
			must(t, os.WriteFile(c[0], b, 0o755))
			defer os.Remove(c[0])
			refused(t, c.run(t, &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}, nil), 7, "root")
		})
	})
}

// refused sees that a room ended as documented.
func refused(t *testing.T, e ended, exit int, want string) {
	t.Helper()
	t.Logf("exit code %d: %q", e.state.ExitCode(), e.said)
	if e.state.ExitCode() != exit || len(e.said) != 1 || !strings.Contains(e.said[0], want) {
		t.Errorf("exit code %d with %q, want %d with one line that has %q", e.state.ExitCode(), e.said, exit, want)
	}
	if len(e.said) == 1 && (e.exit != exit || e.result == "" || !strings.Contains(e.said[0], e.err)) {
		t.Errorf("the last line on stdout says %s, %d, %q", e.result, e.exit, e.err)
	}
	if strings.Contains(e.log, "goroutine ") {
		t.Errorf("panics:\n%s", e.log)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func flag(name, value string) func(*testing.T, command) command {
	return func(_ *testing.T, c command) command { return c.with(name, value) }
}

func more(args ...string) func(*testing.T, command) command {
	return func(_ *testing.T, c command) command { return append(c, args...) }
}

func then(first, second func(*testing.T, command) command) func(*testing.T, command) command {
	return func(t *testing.T, c command) command { return second(t, first(t, c)) }
}

// change changes one file of the bundle.
func change(name string, f func([]byte) []byte) func(*testing.T, command) command {
	return func(t *testing.T, c command) command {
		t.Helper()
		path := filepath.Join(c.get("--bundle"), name)
		b, err := os.ReadFile(path)
		must(t, err)
		after := f(bytes.Clone(b))
		if bytes.Equal(after, b) {
			t.Fatalf("%s is not changed", name)
		}
		must(t, os.WriteFile(path, after, 0o600))
		return c
	}
}

func edit(name, old, new string) func(*testing.T, command) command {
	return change(name, func(b []byte) []byte { return bytes.Replace(b, []byte(old), []byte(new), 1) })
}

func halve(name string) func(*testing.T, command) command {
	return change(name, func(b []byte) []byte { return b[:len(b)/2] })
}

// cut ends a file right after the first at: half of a specification is YAML too if it is cut at a line.
func cut(name, at string) func(*testing.T, command) command {
	return change(name, func(b []byte) []byte {
		before, _, _ := bytes.Cut(b, []byte(at))
		return append(before, at...)
	})
}

func remove(name string) func(*testing.T, command) command {
	return func(t *testing.T, c command) command {
		must(t, os.RemoveAll(filepath.Join(c.get("--bundle"), name)))
		return c
	}
}

func folder(name string) func(*testing.T, command) command {
	return func(t *testing.T, c command) command {
		remove(name)(t, c)
		must(t, os.Mkdir(filepath.Join(c.get("--bundle"), name), 0o700))
		return c
	}
}

// relock names the lock's new digest, as a contract over it would.
func relock(t *testing.T, c command) command {
	b, err := os.ReadFile(filepath.Join(c.get("--bundle"), "images.lock"))
	must(t, err)
	return c.with("--lock", digest.Of(b).String())
}

// otherImage has the lock name other bytes for the application's image.
func otherImage(t *testing.T, c command) command {
	return change("images.lock", func(b []byte) []byte {
		images, err := filepath.Glob(filepath.Join(c.get("--bundle"), "images", "*"))
		if err != nil || len(images) != 1 {
			t.Fatalf("images: %q, %v", images, err)
		}
		return bytes.ReplaceAll(b, []byte(filepath.Base(images[0])), []byte(digest.Of(b).Hex()))
	})(t, c)
}

// changeImage changes a byte of the biggest blob of the image: its layer.
func changeImage(t *testing.T, c command) command {
	blobs, err := filepath.Glob(filepath.Join(c.get("--bundle"), "images", "*", "blobs", "sha256", "*"))
	must(t, err)
	var layer string
	var most int64
	for _, b := range blobs {
		if st, err := os.Stat(b); err == nil && st.Size() > most {
			layer, most = b, st.Size()
		}
	}
	rel, err := filepath.Rel(c.get("--bundle"), layer)
	must(t, err)
	return change(rel, func(b []byte) []byte { b[len(b)/2] ^= 1; return b })(t, c)
}

func plugins(f func(t *testing.T, dir string)) func(*testing.T, command) command {
	return func(t *testing.T, c command) command {
		dir := filepath.Join(t.TempDir(), "plugins")
		must(t, os.CopyFS(dir, os.DirFS(c.get("--plugins"))))
		f(t, dir)
		return c.with("--plugins", dir)
	}
}

// lie changes what a plugin's manifest says that it can do.
func lie(t *testing.T, dir string) {
	path := filepath.Join(dir, "sink", "azblob.json")
	b, err := os.ReadFile(path)
	must(t, err)
	var m map[string]any
	must(t, json.Unmarshal(b, &m))
	m["version"] = "0.0.0-other"
	b, err = json.Marshal(m)
	must(t, err)
	must(t, os.Chmod(path, 0o600))
	must(t, os.WriteFile(path, b, 0o600))
}

// hidden puts something useless in the place of what the room needs of the machine.
func hidden(path string) func(*testing.T, command) command {
	return func(t *testing.T, c command) command {
		target, err := filepath.EvalSymlinks(path)
		must(t, err)
		useless := filepath.Join(t.TempDir(), "useless")
		must(t, os.WriteFile(useless, nil, 0o600))
		bind(t, useless, target, 0)
		return c
	}
}

// noFUSE gives the room a /dev with the usual nodes, but not that one.
func noFUSE(t *testing.T, c command) command {
	dev := t.TempDir()
	must(t, os.Chmod(dev, 0o755))
	for _, name := range []string{"null", "zero", "full", "random", "urandom", "tty"} {
		must(t, os.WriteFile(filepath.Join(dev, name), nil, 0o600))
		bind(t, "/dev/"+name, filepath.Join(dev, name), 0)
	}
	must(t, os.Mkdir(filepath.Join(dev, "shm"), 0o1777))
	must(t, os.Symlink("/proc/self/fd", filepath.Join(dev, "fd")))
	bind(t, dev, "/dev", unix.MS_REC)
	return c
}

func bind(t *testing.T, from, at string, flags uintptr) {
	t.Helper()
	must(t, unix.Mount(from, at, "", unix.MS_BIND|flags, ""))
	t.Cleanup(func() { must(t, unix.Unmount(at, unix.MNT_DETACH)) })
}
