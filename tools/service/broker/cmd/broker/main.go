// Command broker keeps a provider's KEKs in memory and releases one to a room
// whose hardware evidence meets the key's policy.
package main

import (
	"os"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker/internal/serve"
)

func main() {
	os.Exit(serve.Main(serve.Program{
		Name:     "broker",
		Platform: v1.PlatformSNP,
		Verifier: func() (func(attest.Evidence, attest.Expectations, time.Time) error, error) { return attest.Verify, nil },
	}, os.Args[1:]))
}
