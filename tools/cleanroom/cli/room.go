package cli

import (
	"context"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/internal/place"
)

func newRoomCmd(io Streams) *cobra.Command {
	return group("room", "Run rooms", "  sudo cleanroom room run --bundle ./bundle", newRoomRunCmd(io))
}

type roomOptions struct {
	bundle, plugins, envoy, device, release, log string
	json                                         bool
}

func newRoomRunCmd(io Streams) *cobra.Command {
	var o roomOptions
	c := &cobra.Command{
		Use: "run", Short: "Run one room here, and show its stages",
		Long: `Run one room on this machine: cleanroomd on SEV-SNP hardware, or with --sim-device
cleanroomd-sim, which protects nothing. The bundle is a folder with spec.yaml, images.lock,
images/ (OCI layouts by digest), policies/ (bundles by route) and, if storage wants one,
credentials.json.

Stages are shown as they end. With --json every line of standard output is one JSON object: a
stage's begin, done or failed, and last the result. The room's own log is on standard error,
or in --log. The exit code is the room's. Ctrl-C closes it in order (130).

The digests of specification and lock are taken from the bundle: whoever runs this says what
runs. What the parties agreed holds because key services release to the agreed policy alone.`,
		Example: "  sudo cleanroom room run --bundle ./bundle\n  sudo cleanroom room run --bundle ./bundle --sim-device ./device --json --log room.log",
		Args:    args(),
	}
	c.Flags().StringVar(&o.bundle, "bundle", "", "`folder` of what runs (required)")
	c.Flags().StringVar(&o.device, "sim-device", "", "`folder` of a simulated device, for a specification of platform simulated")
	c.Flags().StringVar(&o.plugins, "plugins", "", "`folder` of plugin binaries (default: plugins in the release)")
	c.Flags().StringVar(&o.envoy, "envoy", "", "Envoy's binary (default: the one that setup brought)")
	c.Flags().StringVar(&o.release, "release", "", releaseUsage)
	c.Flags().StringVar(&o.log, "log", "", "`file` for the room's log")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		o.json = *asJSON
		return runRoom(c.Context(), io, o)
	}
	return c
}

func runRoom(ctx context.Context, io Streams, o roomOptions) error {
	if o.bundle == "" {
		return fault.New(fault.Usage, "room run", "needs --bundle")
	}
	room, err := o.child(io)
	if err != nil {
		return err
	}
	if err := needsRoot("room run", "cleanroom room run …"); err != nil {
		return err
	}
	room.err = io.Err
	if o.log != "" {
		f, err := os.OpenFile(o.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fault.New(fault.Usage, "room run", "--log: %w", err)
		}
		defer f.Close()
		room.err = f
	}
	show := &stages{out: io.Out, json: o.json, live: terminal(io.Out)}
	room.out = show
	return show.end(room.run(ctx))
}

// child is the room's program with all its flags; the bundle's documents are read, so
// that what is wrong with them is said before anything runs.
func (o roomOptions) child(io Streams) (child, error) {
	c := child{name: "room"}
	s, err := readSpec(io, filepath.Join(o.bundle, "spec.yaml"))
	if err != nil {
		return c, err
	}
	specified, err := spec.Digest(s)
	if err != nil {
		return c, err
	}
	lock, err := readFile(io, filepath.Join(o.bundle, "images.lock"))
	if err != nil {
		return c, err
	}
	name := "cleanroomd"
	if (s.Platform == v1.PlatformSimulated) != (o.device != "") {
		return c, fault.New(fault.Usage, "room run", "--sim-device belongs to platform %s, and the specification says %s", v1.PlatformSimulated, s.Platform)
	}
	if o.device != "" {
		name = "cleanroomd-sim"
		c.args = []string{"--sim-device", o.device}
	}
	dir, err := release(o.release)
	if err != nil {
		return c, err
	}
	if c.path, err = part(dir, "bin", name); err != nil {
		return c, err
	}
	if o.plugins == "" {
		if o.plugins, err = part(dir, "plugins"); err != nil {
			return c, err
		}
	}
	if o.envoy == "" {
		if o.envoy, err = place.Envoy(); err != nil {
			return c, fault.New(fault.Unavailable, "room run", "%w", err)
		}
	}
	for _, p := range []struct{ flag, path string }{{"--bundle", o.bundle}, {"--plugins", o.plugins}, {"--envoy", o.envoy}} {
		c.args = append(c.args, p.flag, p.path)
	}
	// The room's folder is not ours: what it is told is absolute.
	for i := 1; i < len(c.args); i += 2 {
		if c.args[i], err = filepath.Abs(c.args[i]); err != nil {
			return c, fault.New(fault.Usage, "room run", "%s: %w", c.args[i-1], err)
		}
	}
	c.args = append(c.args, "--specification", specified.String(), "--lock", digest.Of(lock).String())
	return c, nil
}
