// Package place says where the programs that setup brought lie on this machine.
// Tests and the command line ask it; the room never does: there every program is
// named by the specification or lies in the measured image.
package place

import (
	"fmt"
	"os"
	"path/filepath"
)

// StateVar overrides the folder of State. tools/setup/setup.sh resolves it in the same way.
const StateVar = "CLEANROOM_STATE"

// State returns the absolute per-user folder that setup fills:
// $CLEANROOM_STATE, else cleanroom under the user's cache folder.
func State() (string, error) {
	if dir := os.Getenv(StateVar); dir != "" {
		return filepath.Abs(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("place.state: set %s: %w", StateVar, err)
	}
	return filepath.Join(cache, "cleanroom"), nil
}

// Envoy returns where setup puts the Envoy binary. Nothing says that it is there.
func Envoy() (string, error) { return under("bin", "envoy") }

// Collector returns where setup puts the OpenTelemetry collector.
func Collector() (string, error) { return under("bin", "otelcol") }

// Rclone returns where setup, asked for peers, puts rclone.
func Rclone() (string, error) { return under("bin", "rclone") }

// Azurite returns where setup puts the JavaScript entry of azurite-blob; node runs it.
func Azurite() (string, error) {
	return under("azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js")
}

func under(elem ...string) (string, error) {
	state, err := State()
	if err != nil {
		return "", err
	}
	return filepath.Join(append([]string{state}, elem...)...), nil
}
