// Command cleanroomd runs one room on AMD SEV-SNP hardware.
package main

import (
	"os"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/snp"
	"github.com/cleanroom-dev/cleanroom/core/cmd/internal/daemon"
)

func main() {
	os.Exit(daemon.Main(daemon.Program{
		Name:     "cleanroomd",
		Attester: func() (attest.Attester, error) { return snp.Open() },
	}, os.Args[1:]))
}
