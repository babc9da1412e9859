// Command podman is the runtime plugin that launches the application with
// podman, as a container without any right. It is part of the trusted base. It
// needs nothing of the host's container configuration and leaves nothing in it:
// every store, temporary file and setting is under the state folder it is given,
// which must be in memory. It pulls from no registry.
package main

import (
	_ "embed"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

//go:embed plugin.json
var pluginJSON []byte

func main() { sdk.Serve(&podman{}, pluginJSON) }
