package cli

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// version is the result of the verb of the same name.
type version struct {
	Module   string `json:"module"`
	Revision string `json:"revision,omitempty"` // absent in a reproducible build, which is named by its digest
	Go       string `json:"go"`
	Spec     string `json:"specification"`
}

func newVersionCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "version", Short: "Say what this program is",
		Long:    "Say which version this program is, which Go built it and which specifications it reads.",
		Example: "  cleanroom version --json",
		Args:    args(),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(*cobra.Command, []string) error {
		v := thisVersion()
		if *asJSON {
			return printJSON(io, v)
		}
		return printf(io, "cleanroom %s %s, %s, reads %s\n", v.Module, v.Revision, v.Go, v.Spec)
	}
	return c
}

func thisVersion() version {
	v := version{Module: "(devel)", Go: runtime.Version(), Spec: v1.APIVersion}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Module = info.Main.Version
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}
