package telemetry

// Every name that may appear in exported telemetry. What is not here stays in the
// room: the application can put data into names that it chooses (a host it tries,
// a path it asks for), and infrastructure telemetry may leave in clear.
const (
	// Fields of logs, attributes of spans and metrics.
	FieldStage     = "stage"     // of room.Run
	FieldOperation = "operation" // of core/governance
	FieldSubject   = "subject"   // a name of the specification
	FieldPlugin    = "plugin"    // kind and name
	FieldInstance  = "instance"  // the specification's name for it
	FieldCall      = "call"      // of the plugin contract, such as consent
	FieldEndpoint  = "endpoint"  // a consent or audit endpoint's name
	FieldRoute     = "route"     // the specification's name for it
	FieldResult    = "result"    // done, or a kind of error
	FieldKind      = "kind"      // of error (package fault)
	FieldCount     = "count"
	FieldBytes     = "bytes"
	FieldMillis    = "millis"

	// Resource attributes (OpenTelemetry semantic conventions, and our own).
	ResourceService  = "service.name"
	ResourceRoom     = "cleanroom.room"
	ResourceContract = "cleanroom.contract"

	// Metrics.
	MetricStage   = "cleanroom.stage.duration"       // seconds
	MetricCall    = "cleanroom.plugin.call.duration" // seconds
	MetricDropped = "cleanroom.telemetry.dropped"    // requests that the spool had no room for

	// FieldError is never exported: an error quotes what it met. Its kind is.
	FieldError = "error"

	// A span's name is one of these, and then the stage's or the call's.
	stagePrefix = "room."
	callPrefix  = "plugin."
	scope       = "github.com/cleanroom-dev/cleanroom"
)

// exported are the fields that a log record may carry out.
var exported = map[string]bool{
	FieldStage: true, FieldOperation: true, FieldSubject: true, FieldPlugin: true, FieldInstance: true, FieldCall: true,
	FieldEndpoint: true, FieldRoute: true, FieldResult: true, FieldKind: true,
	FieldCount: true, FieldBytes: true, FieldMillis: true,
}

// maxValue bounds a text value, in bytes.
const maxValue = 256
