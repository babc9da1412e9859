// Command ledger is the governance plugin for the governance service
// (tools/service/governance). It carries questions and events there and signed answers and
// receipts back, and believes none of them: the core checks the signatures.
package main

import (
	_ "embed"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

//go:embed plugin.json
var manifest []byte

func main() { sdk.Serve(new(backend), manifest) }
