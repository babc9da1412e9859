package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// state is the folder that holds everything of podman's.
type state struct {
	dir     string
	podman  string // path
	runtime string // path of runc or crun
	image   string // its ID: the configuration's digest, in hex
}

// containersConf takes every default away that the host's own could bring in.
// The limits are on the command line: podman's defaults exceed what root without
// CAP_SYS_RESOURCE may set.
const containersConf = `[containers]
annotations = []
default_sysctls = []
default_ulimits = []
devices = []
env = []
env_host = false
http_proxy = false
init = false
mounts = []
no_hosts = true
volumes = []
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
hooks_dir = []
lock_type = "file"
num_locks = 8
[network]
network_backend = "netavark"
`

// maxStateDir leaves room for /rr: podman refuses a run root of more than 50 bytes.
const maxStateDir = 47

// policy accepts what we have hashed ourselves, and nothing from a registry.
const policy = `{"default":[{"type":"reject"}],"transports":{"oci":{"":[{"type":"insecureAcceptAnything"}]}}}`

func newState(dir, podman, runtime string) (*state, error) {
	const op = "podman.prepare"
	// podman makes an image's name from the folder it pulls from.
	if !filepath.IsAbs(dir) || filepath.Clean(dir) != dir || strings.ToLower(dir) != dir {
		return nil, sdk.Errorf(sdk.Invalid, op, "state folder %.200q: must be absolute, clean and in lower case", dir)
	}
	if len(dir) > maxStateDir {
		return nil, sdk.Errorf(sdk.Invalid, op, "state folder %.200q: must be at most %d bytes, by podman's limit", dir, maxStateDir)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return nil, sdk.Errorf(sdk.Invalid, op, "state folder: %w", err)
	}
	if len(there) > 0 {
		return nil, sdk.Errorf(sdk.Invalid, op, "state folder %s: is not empty", dir)
	}
	if memory, err := inMemory(dir); err != nil || !memory {
		return nil, sdk.Errorf(sdk.Invalid, op, "state folder %s: must be a tmpfs (%v)", dir, err)
	}
	s := &state{dir: dir, podman: podman, runtime: runtime}
	for _, sub := range []string{"root", "rr", "tmp", "net", "volumes", "hooks", "home", "scratch", "run"} {
		if err := os.Mkdir(s.path(sub), 0o700); err != nil {
			return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
		}
	}
	for name, text := range map[string]string{
		"containers.conf": containersConf, "policy.json": policy, "registries.conf": "",
		"storage.conf": "[storage]\ndriver = \"overlay\"\nrunroot = \"" + s.path("rr") + "\"\ngraphroot = \"" + s.path("root") + "\"\n",
	} {
		if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
			return nil, sdk.Errorf(sdk.Internal, op, "%w", err)
		}
	}
	return s, s.scratch()
}

// scratch mounts the application's /tmp. podman's own would get the mode that the
// image's folder happens to have.
func (s *state) scratch() error {
	dir := s.path("app-tmp")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return sdk.Errorf(sdk.Internal, "podman.prepare", "%w", err)
	}
	const flags, data = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC, "mode=1777,size=" + tmpSize
	err := unix.Mount("tmpfs", dir, "tmpfs", flags, data+",noswap") // Linux 6.4
	if err == unix.EINVAL {
		err = unix.Mount("tmpfs", dir, "tmpfs", flags, data) // the room decides whether swap may be
	}
	if err != nil {
		return sdk.Errorf(sdk.Unavailable, "podman.prepare", "a tmpfs for /tmp: %w", err)
	}
	return nil
}

func (s *state) path(name string) string { return filepath.Join(s.dir, name) }

// layout is where the verified copy of the image lies until it is unpacked.
func (s *state) layout() string { return s.path("oci") }

// command is podman with our settings and nothing of the host's.
func (s *state) command(ctx context.Context, args ...string) *exec.Cmd {
	global := []string{
		"--root", s.path("root"), "--runroot", s.path("rr"), "--tmpdir", s.path("tmp"),
		"--network-config-dir", s.path("net"), "--volumepath", s.path("volumes"), "--hooks-dir", s.path("hooks"),
		"--storage-driver", "overlay", "--cgroup-manager", "cgroupfs", "--events-backend", "none",
		"--runtime", s.runtime, "--log-level", "fatal",
	}
	cmd := exec.CommandContext(ctx, s.podman, append(global, args...)...)
	cmd.Env = []string{
		"PATH=" + searchPath, "HOME=" + s.path("home"), "TMPDIR=" + s.path("scratch"),
		"CONTAINERS_CONF=" + s.path("containers.conf"), "CONTAINERS_STORAGE_CONF=" + s.path("storage.conf"),
		"CONTAINERS_REGISTRIES_CONF=" + s.path("registries.conf"),
	}
	cmd.Dir = s.dir
	return cmd
}

// searchPath is fixed: a plugin's environment says nothing.
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// find returns the path of a program of the image that this plugin is part of.
func find(name string) (string, error) {
	for _, dir := range filepath.SplitList(searchPath) {
		if path, err := exec.LookPath(filepath.Join(dir, name)); err == nil {
			return path, nil
		}
	}
	return "", sdk.Errorf(sdk.Unavailable, "podman.configure", "%s is not installed", name)
}

// output runs podman to its end and returns what it printed.
func (s *state) output(ctx context.Context, op string, args ...string) (string, error) {
	cmd := s.command(ctx, args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil {
		return "", sdk.Errorf(sdk.Unavailable, op, "podman %s: %w: %s", args[0], err, said(stderr.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

// said is what podman says of an error, bounded and on one line.
func said(b []byte) string {
	const most = 1000
	s := strings.Join(strings.FieldsFunc(strings.TrimSpace(string(b)), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
	if len(s) > most {
		s = "…" + s[len(s)-most:]
	}
	return s
}

// pull unpacks the verified copy.
func (s *state) pull(ctx context.Context, image image) error {
	const op = "podman.prepare"
	id, err := s.output(ctx, op, "pull", "--quiet", "--signature-policy", s.path("policy.json"), "oci:"+s.layout())
	if err != nil {
		return err
	}
	if id != image.config.Hex() {
		return sdk.Errorf(sdk.Tampered, op, "podman unpacked image %.80q, want %s", id, image.config.Hex())
	}
	s.image = id
	return nil
}
