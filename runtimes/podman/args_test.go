package main

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

var update = flag.Bool("update", false, "write golden files")

func request() *sdk.StartRequest {
	return &sdk.StartRequest{
		Command: []string{"/app/run", "--text", "a \"b\" c"}, Env: map[string]string{"B": "2", "A": "one\ntwo"},
		User: 1000, UidBase: 200000, WorkDir: "/work", Memory: 1 << 30, Cpus: 1.5, Pids: 128, OpenFiles: 1024,
		NetworkNamespace: "/run/net", SeccompProfile: "/run/seccomp.json", Dns: "127.0.0.1", Hostname: "app",
		Stdout: "/run/out", Stderr: "/run/err",
		Mounts: []*sdk.Mount{{Source: "/run/north", Target: "/data/north"}, {Source: "/run/model", Target: "/out", Writable: true}},
	}
}

func TestArgsGolden(t *testing.T) {
	args, err := runArgs(request(), &state{dir: "/state", image: "1234"})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(args, "\n") + "\n"
	const golden = "testdata/run.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("podman gets\n%swant\n%s", got, want)
	}
}

func TestArgsRefuse(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(r *sdk.StartRequest)
		want   string
	}{
		"no command":                         {func(r *sdk.StartRequest) { r.Command = nil }, "command"},
		"an empty program":                   {func(r *sdk.StartRequest) { r.Command[0] = "" }, "command"},
		"root":                               {func(r *sdk.StartRequest) { r.User = 0 }, "user"},
		"a user outside the namespace":       {func(r *sdk.StartRequest) { r.User = 65536 }, "user"},
		"the host's own ids":                 {func(r *sdk.StartRequest) { r.UidBase = 0 }, "uidBase"},
		"ids of the host's users":            {func(r *sdk.StartRequest) { r.UidBase = 1000 }, "uidBase"},
		"ids beyond the last":                {func(r *sdk.StartRequest) { r.UidBase = math.MaxUint32 }, "uidBase"},
		"no memory limit":                    {func(r *sdk.StartRequest) { r.Memory = 0 }, "memory"},
		"no cpu limit":                       {func(r *sdk.StartRequest) { r.Cpus = 0 }, "cpus"},
		"cpus that are no number":            {func(r *sdk.StartRequest) { r.Cpus = math.NaN() }, "cpus"},
		"no limit of processes":              {func(r *sdk.StartRequest) { r.Pids = 0 }, "pids"},
		"unlimited processes":                {func(r *sdk.StartRequest) { r.Pids = -1 }, "pids"},
		"no limit of files":                  {func(r *sdk.StartRequest) { r.OpenFiles = 0 }, "openFiles"},
		"no host name":                       {func(r *sdk.StartRequest) { r.Hostname = "" }, "hostname"},
		"no resolver":                        {func(r *sdk.StartRequest) { r.Dns = "" }, "dns"},
		"a resolver by name":                 {func(r *sdk.StartRequest) { r.Dns = "none" }, "dns"},
		"no namespace":                       {func(r *sdk.StartRequest) { r.NetworkNamespace = "" }, "networkNamespace"},
		"no filter":                          {func(r *sdk.StartRequest) { r.SeccompProfile = "" }, "seccompProfile"},
		"the word for no filter":             {func(r *sdk.StartRequest) { r.SeccompProfile = "unconfined" }, "seccompProfile"},
		"no console":                         {func(r *sdk.StartRequest) { r.Stderr = "" }, "stderr"},
		"a relative folder":                  {func(r *sdk.StartRequest) { r.WorkDir = "work" }, "workDir"},
		"a variable that is a wildcard":      {func(r *sdk.StartRequest) { r.Env["HTTP*"] = "" }, "env"},
		"a variable with an equals sign":     {func(r *sdk.StartRequest) { r.Env["A=B"] = "" }, "env"},
		"a mount with options in its source": {func(r *sdk.StartRequest) { r.Mounts[0].Source = "/run/x,ro=false" }, "mounts[0]: source"},
		"a mount that climbs":                {func(r *sdk.StartRequest) { r.Mounts[0].Source = "/run/../etc" }, "mounts[0]: source"},
		"a mount over everything":            {func(r *sdk.StartRequest) { r.Mounts[1].Target = "/" }, "mounts[1]: target"},
		"a mount over /proc":                 {func(r *sdk.StartRequest) { r.Mounts[1].Target = "/proc/self" }, "mounts[1]: target"},
		"a mount over /sys":                  {func(r *sdk.StartRequest) { r.Mounts[1].Target = "/sys" }, "mounts[1]: target"},
		"a mount over the resolver":          {func(r *sdk.StartRequest) { r.Mounts[1].Target = "/etc/resolv.conf" }, "mounts[1]: target"},
		"two mounts at one place":            {func(r *sdk.StartRequest) { r.Mounts[1].Target = r.Mounts[0].Target }, "another's"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			r := proto.Clone(request()).(*sdk.StartRequest)
			tc.change(r)
			args, err := runArgs(r, &state{dir: "/state"})
			if err == nil || fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("runArgs = %q, %v; want %q", args, err, tc.want)
			}
		})
	}
}

func TestFilters(t *testing.T) {
	own, err := sandbox.SeccompProfile()
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		text string
		ok   bool
	}{
		"our own passes":                  {string(own), true},
		"one that allows by default":      {`{"defaultAction":"SCMP_ACT_ALLOW","architectures":["a"],"syscalls":[{}]}`, false},
		"one that only logs":              {`{"defaultAction":"SCMP_ACT_LOG","architectures":["a"],"syscalls":[{}]}`, false},
		"one of another shape":            {`{"default":[]}`, false},
		"one of several architectures":    {`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["a","b"],"syscalls":[{}]}`, false},
		"one that is no JSON":             {`allow`, false},
		"one without system calls at all": {`{"defaultAction":"SCMP_ACT_ERRNO","architectures":["a"]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "filter")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := checkFilter(path); (err == nil) != tc.ok {
				t.Errorf("checkFilter(%.80s) = %v", tc.text, err)
			}
		})
	}
}

func TestStateFolders(t *testing.T) {
	full := t.TempDir()
	for name, dir := range map[string]string{
		"a relative one":         "state",
		"one in upper case":      "/run/State",
		"one that climbs":        "/run/../tmp",
		"one that is not there":  "/nothing/at/all",
		"one that is too long":   "/run/" + strings.Repeat("x", 60),
		"one that is on a disk":  "/proc",
		"nothing":                "",
		"a folder in upper case": full,
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			if s, err := newState(dir, "podman", "runc"); fault.KindOf(err) != fault.Invalid || s != nil {
				t.Errorf("newState(%q) = %v, %v; want invalid", dir, s, err)
			}
		})
	}
}

func TestConfig(t *testing.T) {
	for text, ok := range map[string]bool{`{}`: true, `{"ociRuntime":"crun"}`: true, `{"ociRuntime":"sh"}`: false, `{"root":"/"}`: false, `[]`: false, ``: false} {
		if vs := (&podman{}).Validate([]byte(text)); (len(vs) == 0) != ok {
			t.Errorf("Validate(%s) = %v", text, vs)
		}
	}
}
