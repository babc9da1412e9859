// Package needs forwards to internal/needs.
package needs

import "github.com/cleanroom-dev/cleanroom/internal/needs"

var (
	Root      = needs.Root
	Program   = needs.Program
	Device    = needs.Device
	Envoy     = needs.Envoy
	Azurite   = needs.Azurite
	Collector = needs.Collector
)
