// Package governance lets a privileged operation run only after every consent
// endpoint that covers it has said yes and every audit endpoint has confirmed the
// record of what is about to happen, and records afterwards how it ended. Any
// doubt is a no. It never does privileged work itself, never reads the room's
// clock to decide something, and never puts data, keys or another program's error
// text into a record.
package governance

import "slices"

// The operations that pass the gate. Their names are part of the records' format.
const (
	RoomOpen        = "room.open"
	KeyRelease      = "key.release"
	DataPresent     = "data.present"
	AppExecute      = "app.execute"
	APIEgress       = "api.egress"
	OutputRelease   = "output.release"
	LogsExport      = "logs.export"
	TelemetryExport = "telemetry.export"
	RoomClose       = "room.close"
)

var operations = []string{
	RoomOpen, KeyRelease, DataPresent, AppExecute, APIEgress, OutputRelease, LogsExport, TelemetryExport, RoomClose,
}

// Operations returns every operation, in the order in which a room meets them.
func Operations() []string { return slices.Clone(operations) }

// IsOperation reports that name is one of Operations.
func IsOperation(name string) bool { return slices.Contains(operations, name) }

// NeedsConsent reports that an operation must be agreed to. Closing a room needs no
// consent: it takes access away, and must be recorded also when consent is withdrawn.
func NeedsConsent(name string) bool { return name != RoomClose }

// lasts reports that an operation stays in force after it was done, so that its
// consent is asked for again while the room runs.
func lasts(name string) bool {
	switch name {
	case RoomOpen, KeyRelease, DataPresent, AppExecute, APIEgress:
		return true
	}
	return false
}
