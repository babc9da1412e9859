// Command probe is package probe as a program. It is for tests alone.
package main

import (
	"os"

	"github.com/cleanroom-dev/cleanroom/runtimes/podman/internal/probe"
)

func main() { os.Exit(probe.Main(os.Args[1:])) }
