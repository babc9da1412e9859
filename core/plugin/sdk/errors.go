package sdk

import (
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/strict"
	"github.com/cleanroom-dev/cleanroom/core/plugin/internal/wire"
)

// Kind is what sort of error the host is to see. An error without a kind is Internal, which
// is never retried.
type Kind = fault.Kind

// The kinds that a plugin may use.
const (
	Internal    = fault.Internal
	Invalid     = fault.Invalid     // the configuration or an argument is wrong
	NotFound    = fault.NotFound    // no such object
	Denied      = fault.Denied      // the backend said no
	Unattested  = fault.Unattested  // the evidence was not accepted
	Tampered    = fault.Tampered    // not the version that was asked for; stops the room
	Unavailable = fault.Unavailable // the backend does not answer; the host may try again
)

// Errorf returns an error of the given kind; op says what was being done, such as
// "azblob.stat", and format may hold %w. No secrets in the text: it is logged.
func Errorf(kind Kind, op, format string, args ...any) error {
	return fault.New(kind, op, format, args...)
}

// KindOf is err's kind, as the host will see it.
func KindOf(err error) Kind { return fault.KindOf(err) }

// Violation is one wrong field of a configuration.
type Violation = wire.Violation

// Reject is the error of a Configure that finds fields wrong only now.
func Reject(vs ...Violation) error {
	return fault.New(fault.Invalid, "plugin.configure", "%w", wire.Violations(vs))
}

// DecodeConfig reads a configuration into the struct that v points to and says everything
// wrong with it: unknown fields, fields given twice, wrong types. What a field must hold
// beyond its type is for the plugin's Validate to add.
func DecodeConfig(b []byte, v any) []Violation { return strict.Decode(b, v) }

// MustManifest reads the plugin.json that is embedded in the plugin. It ends the program
// where that is wrong, which the author's first test shows.
func MustManifest(pluginJSON []byte) Description {
	d, err := ParseManifest(pluginJSON)
	if err != nil {
		panic(err)
	}
	return d
}
