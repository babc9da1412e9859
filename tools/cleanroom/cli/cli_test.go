package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestEveryVerbHasHelpWithAnExampleAndJSON(t *testing.T) {
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		if c.Short == "" || !strings.Contains(c.Example, "cleanroom") {
			t.Errorf("%s has no description or no example", c.CommandPath())
		}
		if !c.HasSubCommands() && (c.Flags().Lookup("json") == nil || c.Long == "") {
			t.Errorf("%s has no --json or no long description", c.CommandPath())
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(Streams{In: new(bytes.Buffer), Out: new(bytes.Buffer), Err: new(bytes.Buffer)}))
}

// full is a stream that has no room, such as a full disk.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAResultThatCannotBeWrittenIsAnError(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"version", "--json"}} {
		var stderr bytes.Buffer
		if code := Main(args, Streams{In: new(bytes.Buffer), Out: full{}, Err: &stderr}); code != 7 || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("Main(%q) = %d, %q, want 7 and why", args, code, stderr.String())
		}
	}
}

func TestExitCodesAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	for kind := fault.Internal; kind <= fault.Usage; kind++ {
		row := fmt.Sprintf("| %d | `%s` |", fault.Exit(fault.New(kind, "x", "y")), kind)
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/exit-codes.md has no row %q", row)
		}
	}
}

// Every command is in docs/cli.md: its last word stands in the row of the words before it.
func TestCommandsAreDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(string(doc), "\n")
	documented := func(words []string) bool {
		above, last := strings.Join(words[:len(words)-1], " "), words[len(words)-1]
		for _, row := range rows {
			cell, _, _ := strings.Cut(strings.TrimPrefix(row, "| "), " | ")
			if strings.HasPrefix(row, "| `"+strings.TrimSpace(above+" ")) && (strings.Contains(cell, "`"+last+"`") || strings.Contains(cell, " "+last+"`")) {
				return true
			}
		}
		return false
	}
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		if !c.HasSubCommands() && !c.Hidden && !documented(strings.Fields(words(c))) {
			t.Errorf("docs/cli.md has no row for %q", words(c))
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRootCmd(Streams{In: new(bytes.Buffer), Out: new(bytes.Buffer), Err: new(bytes.Buffer)}))
}
