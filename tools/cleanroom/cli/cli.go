// Package cli holds the verbs of the command line: one file per verb, each a
// function that returns a cobra command. It turns words into calls of other
// packages and their results into text, JSON and exit codes; it decides nothing
// and never keeps a secret.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Streams are where a command reads and writes: results alone on Out, all that is
// said about them on Err.
type Streams struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// verbs are the commands of the first level, in the order of --help. A new verb
// is a file with its function, and a line here.
var verbs = []func(Streams) *cobra.Command{
	newDoctorCmd,
	newDemoCmd,
	newSpecCmd,
	newPolicyCmd,
	newDatasetCmd,
	newRoomCmd,
	newGovernanceCmd,
	newBrokerCmd,
	newPluginCmd,
	newVersionCmd,
}

// errShown ends a command whose error is already on its streams, such as a JSON
// result that says what is wrong.
type errShown struct{ error }

func (e errShown) Unwrap() error { return e.error }

// Main runs one command line and returns its exit code (docs/exit-codes.md). It
// leaves signals alone: a verb that must close something in order catches them itself.
func Main(args []string, io Streams) int {
	root := newRootCmd(io)
	root.SetArgs(args)
	err := root.ExecuteContext(context.Background())
	var shown errShown
	if err != nil && !errors.As(err, &shown) {
		fmt.Fprintf(io.Err, "cleanroom: %v\n", err)
		if fault.KindOf(err) == fault.Usage {
			fmt.Fprintln(io.Err, "cleanroom: --help after any command says what it takes")
		}
	}
	return fault.Exit(err)
}

func newRootCmd(io Streams) *cobra.Command {
	root := group("cleanroom", "Compute over joint data of parties that do not trust each other", `  cleanroom doctor
  cleanroom spec explain study.yaml`)
	root.Long = root.Short + `.

Every command has --help with an example. Results are on standard output, alone; everything
else is on standard error. Exit codes: 0 done, 1 internal, 2 usage, 3 invalid document,
4 refused or denied, 5 unattested, 6 tampered, 7 unavailable, 8 the application failed,
130 ended on request.`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(&cobra.Command{Use: "no-help", Hidden: true})
	root.SetIn(io.In)
	root.SetOut(io.Out)
	root.SetErr(io.Err)
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fault.New(fault.Usage, words(c), "%w", err)
	})
	for _, verb := range verbs {
		root.AddCommand(verb(io))
	}
	return root
}

// group is a command that only has others below it.
func group(use, short, example string, sub ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short, Example: example,
		Args: cobra.ArbitraryArgs, // so that a wrong word comes to RunE
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fault.New(fault.Usage, words(c), "needs a command: %s", names(c))
			}
			near := ""
			if s := c.SuggestionsFor(args[0]); len(s) > 0 {
				near = fmt.Sprintf(" (did you mean %s?)", s[0])
			}
			return fault.New(fault.Usage, words(c), "has no command %q%s", args[0], near)
		},
	}
	c.SuggestionsMinimumDistance = 2
	c.AddCommand(sub...)
	return c
}

// words are those of c after the program's own name.
func words(c *cobra.Command) string {
	path := strings.TrimPrefix(c.CommandPath(), "cleanroom")
	if path == "" {
		return "arguments"
	}
	return strings.TrimSpace(path)
}

func names(c *cobra.Command) string {
	s := ""
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			if s != "" {
				s += ", "
			}
			s += sub.Name()
		}
	}
	return s
}

// args takes exactly the named arguments.
func args(named ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, got []string) error {
		switch {
		case len(got) < len(named):
			return fault.New(fault.Usage, words(c), "needs %s", named[len(got)])
		case len(got) > len(named):
			return fault.New(fault.Usage, words(c), "unexpected %q", got[len(named)])
		}
		return nil
	}
}

// jsonFlag adds --json, which every verb has.
func jsonFlag(c *cobra.Command) *bool {
	return c.Flags().Bool("json", false, "print the result as JSON")
}

// printJSON writes one result as one line.
func printJSON(io Streams, v any) error {
	e := json.NewEncoder(io.Out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fault.New(fault.Unavailable, "print", "%w", err)
	}
	return nil
}

// printf writes a result for people.
func printf(io Streams, format string, a ...any) error {
	if _, err := fmt.Fprintf(io.Out, format, a...); err != nil {
		return fault.New(fault.Unavailable, "print", "%w", err)
	}
	return nil
}
