package cli

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/internal/place"
	"github.com/cleanroom-dev/cleanroom/tools/cleanroom/doctor"
)

type demoOptions struct {
	keep, fault, release, files string
	json                        bool
}

func newDemoCmd(io Streams) *cobra.Command {
	var o demoOptions
	c := &cobra.Command{
		Use: "demo", Short: "Run two providers, a consumer and a room on this machine",
		Long: `Run two hospitals, an institute and a clean room on this machine, every part a real process,
with simulated hardware: it protects nothing, and shows how everything goes together. It needs
root and what ` + "`cleanroom doctor`" + ` looks for, no cloud account, and leaves nothing behind.

With --fault NAME something goes wrong on purpose, and the exit code is the one documented for
it; --fault help lists the names. Ctrl-C ends it in order (130).`,
		Example: "  sudo cleanroom demo\n  sudo cleanroom demo --fault tampered-blob\n  sudo cleanroom demo --json --keep /tmp/demo",
		Args:    args(),
	}
	c.Flags().StringVar(&o.keep, "keep", "", "keep everything but keys in this empty `folder`")
	c.Flags().StringVar(&o.fault, "fault", "", "show how the room refuses; help lists the `names`")
	c.Flags().StringVar(&o.release, "release", "", releaseUsage)
	c.Flags().StringVar(&o.files, "files", "", "`folder` with the demo's specification, data and policies (default: demo in the release)")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		o.json = *asJSON
		return runDemo(c.Context(), io, o)
	}
	return c
}

func runDemo(ctx context.Context, io Streams, o demoOptions) error {
	dir, err := release(o.release)
	if err != nil {
		return err
	}
	path, err := part(dir, "bin", "cleanroom-demo-sim")
	if err != nil {
		return err
	}
	sim := child{"demo", path, []string{"--fault", o.fault}, io.Out, io.Err}
	if o.fault == "help" {
		return sim.run(ctx)
	}
	if err := needsRoot("demo", o.command()); err != nil {
		return err
	}
	if err := ready(doctor.Examine(ctx), io); err != nil {
		return err
	}
	if sim.args, err = o.args(dir); err != nil {
		return err
	}
	return sim.run(ctx)
}

// command is what one types to run this demo as root.
func (o demoOptions) command() string {
	var more []string
	for _, f := range []struct{ flag, value string }{{"--keep", o.keep}, {"--fault", o.fault}} {
		if f.value != "" {
			more = append(more, f.flag, f.value)
		}
	}
	if o.json {
		more = append(more, "--json")
	}
	if more == nil {
		return "make demo"
	}
	return fmt.Sprintf("make demo ARGS='%s'", strings.Join(more, " "))
}

// ready shows what the machine lacks; Unavailable if it lacks anything.
func ready(list []doctor.Finding, io Streams) error {
	lacking := doctor.Lacking(list)
	if len(lacking) == 0 {
		return nil
	}
	for _, f := range list {
		if f.State == doctor.Missing {
			fmt.Fprintf(io.Err, "missing  %s, for %s: %s; mend: %s\n", f.Name, f.For, f.Found, f.Mend)
		}
	}
	return fault.New(fault.Unavailable, "demo", "cannot run here: %s", strings.Join(lacking, ", "))
}

// args are the demo's own: everything it needs is named.
func (o demoOptions) args(release string) ([]string, error) {
	files := o.files
	if files == "" {
		var err error
		if files, err = part(release, "demo"); err != nil {
			return nil, err
		}
	}
	files, err := filepath.Abs(files)
	if err != nil {
		return nil, fault.New(fault.Usage, "demo", "--files: %w", err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "demo", "%w", err)
	}
	out := []string{"--release", release, "--files", files, "--node", node, "--keep", o.keep, "--fault", o.fault, fmt.Sprintf("--json=%t", o.json)}
	for _, p := range []struct {
		flag     string
		where    func() (string, error)
		optional bool // as doctor says
	}{{"--envoy", place.Envoy, false}, {"--azurite", place.Azurite, false}, {"--collector", place.Collector, true}} {
		path, err := p.where()
		if err != nil {
			return nil, fault.New(fault.Unavailable, "demo", "%w", err)
		}
		if _, err := os.Stat(path); err == nil || !p.optional {
			out = append(out, p.flag, path)
		}
	}
	return out, nil
}
