//go:build rego

package conformance

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/Microsoft/hcsshim/pkg/securitypolicy"
	oci "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
)

const sandbox = "sandbox0"

// request is what a host asks the utility VM for, to start one container.
type request struct {
	devices    []string // dm-verity roots, in the order of mounting: the image's, base first
	overlay    []int    // which of them the overlay stacks, top first
	command    []string
	env        []string
	workDir    string
	mounts     []oci.Mount
	privileged bool
	noNewPrivs bool
	user       string
	groups     []string
	umask      string
	caps       []string
	ambient    []string
	seccomp    string
}

// intended is the request that the platform makes for the rendered policy.
func intended(t *testing.T) (string, request) {
	t.Helper()
	s, l := spectest.Example(t), policytest.Lock()
	p, err := policy.Render(s, l)
	if err != nil {
		t.Fatal(err)
	}
	command, err := policy.Command(s, l)
	if err != nil {
		t.Fatal(err)
	}
	image, err := l.Image(policy.ImageName)
	if err != nil {
		t.Fatal(err)
	}
	return p.Text, request{
		devices: image.VerityRoots, overlay: []int{1, 0}, command: command,
		env:     []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		workDir: "/",
		mounts: []oci.Mount{{Destination: policy.BundleDir, Type: "bind", Options: []string{"rbind", "rshared", "ro"},
			Source: "/run/gcs/c/" + sandbox + "/sandboxMounts/tmp/atlas/secretsVolume/bundle"}},
		privileged: true, noNewPrivs: true, user: "0", groups: []string{"0"}, umask: "0022",
		caps: securitypolicy.DefaultPrivilegedCapabilities(),
	}
}

// play asks for everything in the platform's order and returns the first denial.
func play(t *testing.T, text string, r request) (stdio bool, err error) {
	t.Helper()
	ctx := t.Context()
	engine, err := securitypolicy.CreateSecurityPolicyEnforcer("rego", base64.StdEncoding.EncodeToString([]byte(text)), nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, root := range r.devices {
		if err := engine.EnforceDeviceMountPolicy(ctx, fmt.Sprint("/layer", i), root); err != nil {
			return false, explained(err)
		}
	}
	var paths []string
	for _, i := range r.overlay {
		paths = append(paths, fmt.Sprint("/layer", i))
	}
	if err := engine.EnforceOverlayMountPolicy(ctx, "c", paths, "/overlay"); err != nil {
		return false, explained(err)
	}
	var groups []securitypolicy.IDName
	for _, g := range r.groups {
		groups = append(groups, securitypolicy.IDName{ID: g})
	}
	caps := &oci.LinuxCapabilities{Bounding: r.caps, Effective: r.caps, Inheritable: r.caps, Permitted: r.caps, Ambient: r.ambient}
	kept, keptCaps, stdio, err := engine.EnforceCreateContainerPolicy(ctx, sandbox, "c", r.command, r.env, r.workDir, r.mounts,
		r.privileged, r.noNewPrivs, securitypolicy.IDName{ID: r.user}, groups, r.umask, caps, r.seccomp)
	if err != nil {
		return false, explained(err)
	}
	if len(kept) != len(r.env) || len(keptCaps.Bounding) != len(r.caps) {
		return false, fmt.Errorf("dropped: kept %v and %v", kept, keptCaps.Bounding)
	}
	return stdio, nil
}

// explained adds the engine's own reason, which it encodes.
func explained(err error) error {
	decision, derr := securitypolicy.ExtractPolicyDecision(err.Error())
	if derr != nil {
		return err
	}
	return fmt.Errorf("%s", decision)
}

func TestTheIntendedRequestIsAllowed(t *testing.T) {
	text, r := intended(t)
	stdio, err := play(t, text, r)
	if err != nil {
		t.Fatal(err)
	}
	if stdio {
		t.Error("the host may read the console")
	}
}

func TestEveryMutationIsDeniedForItsOwnReason(t *testing.T) {
	other := policytest.Of("other").Hex()
	for name, tc := range map[string]struct {
		change func(*request)
		want   string
	}{
		"another layer":         {func(r *request) { r.devices = []string{r.devices[0], other} }, "deviceHash not found"},
		"layers swapped":        {func(r *request) { r.overlay = []int{0, 1} }, "no matching containers for overlay"},
		"a layer missing":       {func(r *request) { r.overlay = []int{1} }, "no matching containers for overlay"},
		"another specification": {func(r *request) { r.command[8] = "sha256:" + other }, "invalid command"},
		"another images.lock":   {func(r *request) { r.command[10] = "sha256:" + other }, "invalid command"},
		"another bundle":        {func(r *request) { r.command[2] = "/tmp" }, "invalid command"},
		"another program":       {func(r *request) { r.command[0] = "/usr/bin/cleanroomd-sim" }, "invalid command"},
		"one more argument":     {func(r *request) { r.command = append(r.command, "--x") }, "invalid command"},
		"one argument less":     {func(r *request) { r.command = r.command[:len(r.command)-2] }, "invalid command"},
		"one more variable":     {func(r *request) { r.env = append(r.env, "LD_PRELOAD=/x") }, "invalid env list"},
		"a variable changed":    {func(r *request) { r.env[0] = "PATH=/tmp" }, "invalid env list"},
		"a variable missing":    {func(r *request) { r.env = nil }, "missing required environment variable"},
		"another folder":        {func(r *request) { r.workDir = "/tmp" }, "invalid working directory"},
		"one more mount": {func(r *request) {
			r.mounts = append(r.mounts, oci.Mount{Destination: "/etc", Source: "/x", Type: "bind"})
		}, "invalid mount list"},
		"a mount elsewhere":        {func(r *request) { r.mounts[0].Destination = "/usr" }, "invalid mount list"},
		"a mount of the host":      {func(r *request) { r.mounts[0].Source = "/run/gcs/c/other" }, "invalid mount list"},
		"a mount that is writable": {func(r *request) { r.mounts[0].Options = []string{"rbind", "rshared", "rw"} }, "invalid mount list"},
		"new privileges":           {func(r *request) { r.noNewPrivs = false }, "invalid noNewPrivileges"},
		"another user":             {func(r *request) { r.user = "1000" }, "invalid user"},
		"another group":            {func(r *request) { r.groups = []string{"0", "4"} }, "invalid user"},
		"another umask":            {func(r *request) { r.umask = "0000" }, "invalid user"},
		"a capability missing":     {func(r *request) { r.caps = r.caps[1:] }, "capabilities don't match"},
		"an ambient capability":    {func(r *request) { r.ambient = []string{"CAP_SYS_ADMIN"} }, "capabilities don't match"},
		"a seccomp profile":        {func(r *request) { r.seccomp = other }, "invalid seccomp"},
	} {
		t.Run(name, func(t *testing.T) {
			text, r := intended(t)
			r.caps = slices.Clone(r.caps)
			tc.change(&r)
			if _, err := play(t, text, r); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("the engine says %v, want %q", err, tc.want)
			}
		})
	}
}

// What a host may ask of the running group beside its container: nothing.
func TestTheHostMayDoNothingElse(t *testing.T) {
	text, _ := intended(t)
	engine, err := securitypolicy.CreateSecurityPolicyEnforcer("rego", base64.StdEncoding.EncodeToString([]byte(text)), nil, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	for name, ask := range map[string]func() error{
		"a process in the VM": func() error {
			_, _, err := engine.EnforceExecExternalProcessPolicy(ctx, []string{"sh"}, nil, "/")
			return err
		},
		"properties":          func() error { return engine.EnforceGetPropertiesPolicy(ctx) },
		"stacks":              func() error { return engine.EnforceDumpStacksPolicy(ctx) },
		"the runtime's log":   func() error { return engine.EnforceRuntimeLoggingPolicy(ctx) },
		"unencrypted scratch": func() error { return engine.EnforceScratchMountPolicy(ctx, "/scratch", false) },
		"a share of the host": func() error { return engine.EnforcePlan9MountPolicy(ctx, "/usr") },
		"a fragment of a policy": func() error {
			return engine.LoadFragment(ctx, "did:x509:x", "feed", "package f\nsvn := \"1\"\nframework_version := \"0.3.0\"\n")
		},
	} {
		if err := ask(); err == nil {
			t.Errorf("%s: allowed", name)
		}
	}
}
