// Command broker-sim is the broker for simulated rooms. It protects nothing: it
// exists so that a room can be tried and tested without hardware.
package main

import (
	"flag"
	"os"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker/internal/serve"
)

func main() {
	var root string
	os.Exit(serve.Main(serve.Program{
		Name:     "broker-sim",
		Platform: v1.PlatformSimulated,
		Banner:   sim.Banner,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&root, "sim-root", "", "PEM file with the simulated device's ASK and ARK")
		},
		Verifier: func() (func(attest.Evidence, attest.Expectations, time.Time) error, error) {
			b, err := os.ReadFile(root)
			if err != nil {
				return nil, fault.New(fault.Usage, "arguments", "--sim-root: %w", err)
			}
			return sim.Verify(b), nil
		},
	}, os.Args[1:]))
}
