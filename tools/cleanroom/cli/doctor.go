package cli

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/cleanroom/doctor"
)

// examined is the result of doctor.
type examined struct {
	OK     bool             `json:"ok"`
	Checks []doctor.Finding `json:"checks"`
}

func newDoctorCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "doctor", Short: "Say what this machine lacks, and the command that mends it",
		Long: `Look at programs, devices, privileges and kernel features, and say what is missing and the
command that mends it. It changes nothing. Exit code 7 when the demo could not run here.`,
		Example: "  cleanroom doctor\n  cleanroom doctor --json",
		Args:    args(),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		list := doctor.Examine(c.Context())
		lacking := doctor.Lacking(list)
		var err error
		if *asJSON {
			err = printJSON(io, examined{len(lacking) == 0, list})
		} else {
			err = printFindings(io, list)
		}
		if err == nil && len(lacking) > 0 {
			err = fault.New(fault.Unavailable, "doctor", "the demo cannot run here: %s", strings.Join(lacking, ", "))
		}
		return err
	}
	return c
}

func printFindings(io Streams, list []doctor.Finding) error {
	for _, f := range list {
		if err := printf(io, "%-8s  %-24s %s\n", f.State, f.Name, f.Found); err != nil {
			return err
		}
		if f.Mend == "" {
			continue
		}
		if err := printf(io, "          for %s; mend: %s\n", f.For, f.Mend); err != nil {
			return err
		}
	}
	return nil
}
