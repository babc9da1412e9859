// Command httpapi is the governance plugin for any HTTP service: the answer's status code
// alone is its word. Nothing of the answer is signed, so this plugin belongs to what the
// parties trust, and the room's records say which answers were of this kind. It never
// follows a redirect and never reads more into an answer than its code.
package main

import (
	_ "embed"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(new(backend), manifest) }
