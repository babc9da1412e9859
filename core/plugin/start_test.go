package plugin_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func TestStartRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		plugin  string
		change  func(*testing.T, *plugin.Options)
		want    fault.Kind
		wantErr string
	}{
		"another digest is Tampered": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Checksum = digest.Of([]byte("x")) },
			fault.Tampered, "want sha256:"},
		"no digest is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Checksum = digest.SHA256{} },
			fault.Invalid, "checksum is required"},
		"root is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.UID = 0 },
			fault.Invalid, "uid is required"},
		"a privileged source is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Privileged = true },
			fault.Invalid, "only a runtime"},
		"no log is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Log = nil },
			fault.Invalid, "log is required"},
		"an unknown kind is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Name = "spy/good" },
			fault.Invalid, "kind and a slash"},
		"a relative folder is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.TempDir = "tmp" },
			fault.Invalid, "absolute"},
		"a folder too deep for sockets is Invalid": {"source/good", func(t *testing.T, o *plugin.Options) {
			o.TempDir = filepath.Join(o.TempDir, strings.Repeat("d", 90))
			if err := os.Mkdir(o.TempDir, 0o711); err != nil {
				t.Fatal(err)
			}
		}, fault.Invalid, "too long"},
		"a missing binary is NotFound": {"source/good", func(t *testing.T, o *plugin.Options) {
			o.Path = filepath.Join(t.TempDir(), "none")
			if err := os.WriteFile(o.Path+".json", manifestOf(o.Name), 0o644); err != nil {
				t.Fatal(err)
			}
		}, fault.NotFound, "no such file"},
		"a missing plugin.json is NotFound": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Path += "-none" },
			fault.NotFound, ".json"},
		"a plugin.json of another plugin is Invalid": {"source/good", func(_ *testing.T, o *plugin.Options) { o.Name = "source/other" },
			fault.Invalid, `is of "source/good"`},
		"a plugin.json with an unknown field is Invalid": {"source/good", rewrite(`"version"`, `"extra": 1, "version"`),
			fault.Invalid, "extra: is not a known field"},
		"a plugin.json without its kind's service is Invalid": {"source/good", rewrite("datasource.v1.DataSource", "zzz"),
			fault.Invalid, "must list"},
		"an unknown host service is Invalid": {"source/good", rewrite("host.v1.Host", "host.v1.Keys"),
			fault.Invalid, "this host has no"},
		"a Describe that differs is Tampered": {"source/lies", nil, fault.Tampered, "1.0.1"},
		"a plugin that exits is Unavailable":  {"source/exits", nil, fault.Unavailable, "did not come up"},
		"a plugin that hangs is Unavailable":  {"source/hangs", short, fault.Unavailable, "deadline exceeded"},
		"one that says something else is Unavailable": {"source/babbles", nil,
			fault.Unavailable, "did not come up"},
		"one that names a socket not its own is Tampered": {"source/escapes", nil,
			fault.Tampered, "not a socket in its own folder"},
		"one that hangs in Configure is Unavailable": {"source/hangs-configure", short,
			fault.Unavailable, "deadline exceeded"},
		"a wrong configuration is Invalid, with all its fields": {"source/good", func(_ *testing.T, o *plugin.Options) {
			o.Config = map[string]any{"greeting": "wrong", "echoo": "x", "echo": 7}
		}, fault.Invalid, "echo: must be text (got 7); echoo: is not a known field; greeting: must not be wrong"},
	} {
		t.Run(name, func(t *testing.T) {
			o := install(t, tc.plugin)
			if tc.change != nil {
				tc.change(t, &o)
			}
			p, err := plugin.Start(t.Context(), o)
			if err == nil {
				p.Close()
			}
			if fault.KindOf(err) != tc.want || err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Start = %v (%v), want %v with %q", err, fault.KindOf(err), tc.want, tc.wantErr)
			}
			if left, err := filepath.Glob(filepath.Join(o.TempDir, "p[0-9]*")); len(left) > 0 || err != nil {
				t.Errorf("left %q, %v", left, err)
			}
		})
	}
}

func short(_ *testing.T, o *plugin.Options) { o.StartTimeout = 3 * time.Second }

func rewrite(old, new string) func(*testing.T, *plugin.Options) {
	return func(t *testing.T, o *plugin.Options) {
		t.Helper()
		s := strings.Replace(string(manifestOf(o.Name)), old, new, 1)
		if err := os.WriteFile(o.Path+".json", []byte(s), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	_, err := plugin.Start(ctx, install(t, "source/hangs"))
	if fault.KindOf(err) != fault.Interrupted {
		t.Errorf("Start = %v (%v), want Interrupted", err, fault.KindOf(err))
	}
}

// ask has the good source say something of its own process.
func ask(t *testing.T, p *plugin.Process, what string) string {
	t.Helper()
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Stat(t.Context(), what)
	if fault.KindOf(err) != fault.Invalid {
		t.Fatalf("Stat(%s) = %v", what, err)
	}
	return err.Error()
}

func TestPluginRunsWithNothing(t *testing.T) {
	// A descriptor that the host itself inherited without close-on-exec.
	leak, err := unix.Open("/etc/hostname", unix.O_RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(leak)
	t.Setenv("CLEANROOM_TEST_SECRET", "s3cret")
	o := install(t, "source/good")
	p := started(t, o)

	status := procStatus(t, p.Pid())
	id := fmt.Sprintf("%d\t%[1]d\t%[1]d\t%[1]d", o.UID)
	want := map[string]string{"Uid": id, "NoNewPrivs": "1", "CapInh": zeroCaps, "CapPrm": zeroCaps, "CapEff": zeroCaps, "CapAmb": zeroCaps}
	if os.Geteuid() == 0 {
		want["Gid"], want["Groups"], want["CapBnd"] = id, "", zeroCaps
	}
	for k, v := range want {
		if status[k] != v {
			t.Errorf("%s = %q, want %q", k, status[k], v)
		}
	}
	for _, secret := range []string{"hostname", "plugin.test"} {
		if fds := ask(t, p, "fds"); strings.Contains(fds, secret) || !strings.Contains(fds, "0=/dev/null") {
			t.Errorf("descriptors of the plugin: %s", fds)
		}
	}
	if env := ask(t, p, "env"); strings.Contains(env, "s3cret") || strings.Contains(env, "HOME=") {
		t.Errorf("environment of the plugin: %s", env)
	}
}

// go-plugin gives the host's sockets away by name (chown, chmod), as root: a plugin that
// could put a link in their place would be given the link's target.
func TestPluginCannotReplaceTheHostsSockets(t *testing.T) {
	needs.Root(t)
	o := install(t, "source/good")
	p := started(t, o)
	s, err := p.Source()
	if err != nil {
		t.Fatal(err)
	}
	_, _ = s.Stat(t.Context(), "token-storage") // goes over the host's socket: now it is there
	all, err := filepath.Glob(filepath.Join(o.TempDir, "p*", "plugin-dir*", "plugin*"))
	if err != nil {
		t.Fatal(err)
	}
	own := 0
	for _, path := range all {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Uid != 0 {
			continue
		}
		own++
		for _, at := range []string{path, filepath.Dir(path), filepath.Dir(filepath.Dir(path))} {
			cmd := exec.Command("mv", at, at+"x")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.UID, Gid: o.UID}}
			if out, err := cmd.CombinedOutput(); err == nil {
				t.Errorf("the plugin's user moved %s away %s", at, out)
				return
			}
		}
	}
	if own == 0 {
		t.Errorf("none of %q is the host's", all)
	}
}

const zeroCaps = "0000000000000000"

func procStatus(t *testing.T, pid int) map[string]string {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(b)) {
		k, v, _ := strings.Cut(line, ":")
		out[k] = strings.TrimSpace(v)
	}
	return out
}

func TestPrivilegedRuntimeKeepsWhatTheHostHas(t *testing.T) {
	needs.Root(t)
	o := install(t, "runtime/good")
	o.UID, o.Privileged = 0, true
	p := started(t, o)
	mine, its := procStatus(t, os.Getpid()), procStatus(t, p.Pid())
	for _, k := range []string{"Uid", "CapEff", "CapBnd"} {
		if its[k] != mine[k] {
			t.Errorf("%s = %q, want %q", k, its[k], mine[k])
		}
	}
}

func TestFolderMustBeReachable(t *testing.T) {
	needs.Root(t)
	o := install(t, "source/good")
	o.TempDir = filepath.Join(o.TempDir, "closed")
	if err := os.Mkdir(o.TempDir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := plugin.Start(t.Context(), o); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), "o+x") {
		t.Errorf("Start = %v, want Invalid with what mends it", err)
	}
}
