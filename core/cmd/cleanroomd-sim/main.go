// Command cleanroomd-sim runs one room with a simulated device. It protects
// nothing: it exists so that a room can be tried and tested without hardware.
package main

import (
	"flag"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/cmd/internal/daemon"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
)

func main() {
	var device string
	os.Exit(daemon.Main(daemon.Program{
		Name:      "cleanroomd-sim",
		Simulated: true,
		Banner:    sim.Banner,
		Flags:     func(fs *flag.FlagSet) { fs.StringVar(&device, "sim-device", "", "folder of the simulated device") },
		Inputs:    func() []sandbox.Bind { return []sandbox.Bind{input(device)} },
		Attester:  func() (attest.Attester, error) { return sim.LoadDevice(input(device).Path()) },
	}, os.Args[1:]))
}

func input(device string) sandbox.Bind { return sandbox.Bind{Name: "sim-device", Source: device} }
