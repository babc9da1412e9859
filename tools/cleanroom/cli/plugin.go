package cli

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

func newPluginCmd(io Streams) *cobra.Command {
	return group("plugin", "For authors of plugins", "  cleanroom plugin verify --config config.json ./mystore",
		newDescribeCmd(io), newPluginVerifyCmd(io))
}

// described is the result of plugin describe.
type described struct {
	sdk.Description
	SHA256 digest.SHA256 `json:"sha256"`
}

func describe(io Streams, binary string) (d described, err error) {
	b, err := readFile(io, binary+".json")
	if err != nil {
		return d, err
	}
	if d.Description, err = sdk.ParseManifest(b); err != nil {
		return d, fault.New(fault.Invalid, binary+".json", "%w", err)
	}
	f, err := os.Open(binary)
	if err != nil {
		return d, unreadable(binary, err)
	}
	defer f.Close()
	if d.SHA256, err = digest.OfReader(f); err != nil {
		return d, unreadable(binary, err)
	}
	return d, nil
}

func newDescribeCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "describe BINARY", Short: "Say what a plugin is, and its digest",
		Long: `Say what the plugin.json beside a plugin's binary (BINARY.json) says of it, and the binary's
digest, as images.lock has it. Nothing is run: that the plugin says the same of itself, verify
looks at.`,
		Example: "  cleanroom plugin describe ./mystore",
		Args:    args("BINARY"),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		d, err := describe(io, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, d)
		}
		none := func(list []string) string {
			if len(list) == 0 {
				return "-"
			}
			return strings.Join(list, ", ")
		}
		return printf(io, "name             %s\nversion          %s\nservices         %s\ncapabilities     %s\nhost services    %s\ntoken audiences  %s\ndigest           %s\n",
			d.Name, d.Version, none(d.Services), none(d.Capabilities), none(d.HostServices), none(d.TokenAudiences), d.SHA256)
	}
	return c
}

// conformance is the result of plugin verify.
type conformance struct {
	OK     bool                `json:"ok"`
	Plugin described           `json:"plugin"`
	Tests  []plugintest.Result `json:"tests"`
}

func newPluginVerifyCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "verify BINARY", Short: "Start a plugin as a room would, and run the conformance kit of its kind",
		Long: `Start a plugin as a room would, with BINARY.json beside it, and run the conformance kit of its
kind over the wire. What stands behind the plugin must be there: a source needs an object that
is not empty; what a kit writes to a sink it deletes. Exit code 3 when a test does not pass.`,
		Example: "  cleanroom plugin verify ./mystore\n  cleanroom plugin verify --config config.json --token store.sas ./plugins/sink/azblob",
		Args:    args("BINARY"),
	}
	config := c.Flags().String("config", "", "JSON `file` with the plugin's own configuration (default: {})")
	token := c.Flags().String("token", "", "`file` with the credential that the plugin gets when it asks for one")
	simulated := c.Flags().Bool("simulated", false, "allow plain http, as a simulated room does")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		d, err := describe(io, args[0])
		if err != nil {
			return err
		}
		o, err := verifyOptions(io, *config, *token)
		if err != nil {
			return err
		}
		o.Simulated = *simulated
		ctx, stop := interruptible(c.Context())
		defer stop()
		return printConformance(ctx, io, conformance{Plugin: d, Tests: plugintest.Verify(ctx, args[0], o)}, *asJSON)
	}
	return c
}

func verifyOptions(io Streams, config, token string) (o plugintest.VerifyOptions, err error) {
	if config != "" {
		b, err := readFile(io, config)
		if err != nil {
			return o, err
		}
		if err := json.Unmarshal(b, &o.Config); err != nil {
			return o, fault.New(fault.Invalid, config, "%w", err)
		}
	}
	if token == "" {
		return o, nil
	}
	if err := private(token); err != nil {
		return o, err
	}
	b, err := readFile(io, token)
	if err != nil {
		return o, err
	}
	o.Tokens = func(context.Context, string) (string, time.Time, error) {
		return strings.TrimSpace(string(b)), time.Time{}, nil
	}
	return o, nil
}

func printConformance(ctx context.Context, io Streams, r conformance, asJSON bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	failed := 0
	for _, t := range r.Tests {
		if !t.Passed {
			failed++
		}
	}
	r.OK = failed == 0
	var err error
	if asJSON {
		err = printJSON(io, r)
	}
	for _, t := range r.Tests {
		if asJSON || err != nil {
			break
		}
		mark := "ok"
		if !t.Passed {
			mark = "NO"
		}
		err = printf(io, "%s  %s\n", mark, strings.Join(append([]string{t.Test}, t.Found...), "\n      "))
	}
	if err == nil && failed > 0 {
		err = fault.New(fault.Invalid, "plugin verify", "%s: %d of %d tests do not pass", r.Plugin.Name, failed, len(r.Tests))
	}
	return err
}
