// Command broker is the key service plugin for a provider's own broker. It
// carries questions and answers and believes neither: the core checks the
// answer's signature and unwraps the key, which this process never sees.
package main

import (
	_ "embed"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(new(plugin), manifest) }
