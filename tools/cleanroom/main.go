// Command cleanroom is the one command line of the project: for people who write
// specifications, own data, run rooms or check what came of them.
package main

import (
	"os"

	"github.com/cleanroom-dev/cleanroom/tools/cleanroom/cli"
)

func main() {
	os.Exit(cli.Main(os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}
