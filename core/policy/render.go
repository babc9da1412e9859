package policy

import (
	"slices"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Where things lie in the infrastructure's container. The deployment mounts the
// bundle; all else is in the image. Nothing in the bundle is believed: its
// specification and images.lock must have the digests that the policy names.
const (
	ImageName  = "cleanroomd" // the infrastructure's image in images.lock
	Program    = "/usr/bin/cleanroomd"
	BundleDir  = "/run/bundle"
	PluginsDir = "/usr/lib/cleanroom/plugins"
	EnvoyPath  = "/usr/bin/envoy"
)

const (
	searchPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	// bundleSource matches where the platform unpacks a secret volume in the utility VM.
	bundleSource = "sandbox:///tmp/atlas/secretsVolume/.+"
)

// Policy is an execution policy's text and its hash, the HOST_DATA of a report.
type Policy struct {
	Text string
	Hash digest.SHA256
}

// Command returns the one command line under which the platform starts the
// infrastructure. It names the specification and the lock by digest.
func Command(s *v1.Spec, l *Lock) ([]string, error) {
	specified, err := spec.Digest(s)
	if err != nil {
		return nil, fault.Wrap("policy.command", err)
	}
	locked, err := l.Digest()
	if err != nil {
		return nil, fault.Wrap("policy.command", err)
	}
	return []string{
		Program,
		"--bundle", BundleDir,
		"--plugins", PluginsDir,
		"--envoy", EnvoyPath,
		"--specification", specified.String(),
		"--lock", locked.String(),
	}, nil
}

// Render returns the policy for s run by the images of l. A simulated platform
// enforces nothing; its policy is the text that hardware would have enforced.
// Errors: Invalid for a specification or lock that is not valid, NotFound when
// the lock lacks the infrastructure's image or a plugin that s names.
func Render(s *v1.Spec, l *Lock) (Policy, error) {
	const op = "policy.render"
	command, err := Command(s, l)
	if err != nil {
		return Policy{}, fault.Wrap(op, err)
	}
	image, err := l.Image(ImageName)
	if err != nil {
		return Policy{}, fault.Wrap(op, err)
	}
	for _, name := range plugins(s) {
		if _, err := l.Plugin(name); err != nil {
			return Policy{}, fault.Wrap(op, err)
		}
	}
	text, err := write(infrastructure(image, command))
	if err != nil {
		return Policy{}, fault.New(fault.Internal, op, "%w", err)
	}
	return Policy{Text: text, Hash: digest.Of([]byte(text))}, nil
}

// infrastructure is the only container of the group. The application is none: it
// is launched inside, by its digest in the specification.
func infrastructure(image Image, command []string) container {
	return container{
		// Namespaces, FUSE and mounts need privilege: the platform gives /dev/fuse to
		// privileged containers alone. It cannot be regained once given up.
		AllowElevated:   true,
		NoNewPrivileges: true,
		Capabilities:    capabilities{Ambient: []string{}, Bounding: privileged, Effective: privileged, Inheritable: privileged, Permitted: privileged},
		Command:         command,
		EnvRules:        []envRule{{Pattern: searchPath, Required: true, Strategy: "string"}},
		ExecProcesses:   []string{},
		// The engine compares layers from the base up with the overlay's paths from
		// the top down (framework.rego, layerPaths_ok), so the order of the image stays.
		Layers: image.VerityRoots,
		Mounts: []mount{{Destination: BundleDir, Options: []string{"rbind", "rshared", "ro"}, Source: bundleSource, Type: "bind"}},
		Name:   ImageName,
		// No signal by the host: it can end the group, and a room that does not close in order says so.
		Signals:    []int{},
		User:       user{GroupIDNames: []idName{{Pattern: "0", Strategy: "id"}}, Umask: "0022", UserIDName: idName{Pattern: "0", Strategy: "id"}},
		WorkingDir: "/",
	}
}

// plugins lists those that s names, each once.
func plugins(s *v1.Spec) []string {
	list := []string{s.Application.Runtime.Plugin}
	for _, k := range s.KeyServices {
		list = append(list, k.Plugin.Plugin)
	}
	for _, d := range s.Sources {
		list = append(list, d.Plugin.Plugin)
	}
	for _, d := range s.Sinks {
		list = append(list, d.Plugin.Plugin)
	}
	for _, e := range slices.Concat(s.Governance.Consent, s.Governance.Audit) {
		list = append(list, e.Plugin.Plugin)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// privileged is every capability of Linux 5.9 and later. The platform asks for
// all of them for a privileged container, and without capability dropping the
// policy must name what is asked for, exactly.
var privileged = []string{
	"CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE", "CAP_BLOCK_SUSPEND", "CAP_BPF",
	"CAP_CHECKPOINT_RESTORE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER",
	"CAP_FSETID", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_KILL", "CAP_LEASE", "CAP_LINUX_IMMUTABLE",
	"CAP_MAC_ADMIN", "CAP_MAC_OVERRIDE", "CAP_MKNOD", "CAP_NET_ADMIN", "CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST", "CAP_NET_RAW", "CAP_PERFMON", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP",
	"CAP_SETUID", "CAP_SYSLOG", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_CHROOT", "CAP_SYS_MODULE",
	"CAP_SYS_NICE", "CAP_SYS_PACCT", "CAP_SYS_PTRACE", "CAP_SYS_RAWIO", "CAP_SYS_RESOURCE",
	"CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_WAKE_ALARM",
}
