package governance

import (
	"crypto/ed25519"
	"unicode"
	"unicode/utf8"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// EventType is the only value of Event.Type. It keeps a signed event from being
// taken for another signed document.
const EventType = "cleanroom.event/v1"

// Bounds of an event.
const (
	MaxEvent    = 40 << 10 // bytes of canonical JSON: fits one ledger entry (64 KiB) in base64
	maxEvidence = 15 << 10 // bytes of evidence and runtime data, 20 KiB in base64
	maxText     = 8 << 10  // bytes of all details, at most 16 KiB with escapes
	maxDetails  = 64
	maxName     = 128 // bytes of a room, an operation or a detail's name
	maxSubject  = 256
	maxValue    = 4096
)

// Phase says what an event reports of its operation.
type Phase string

const (
	Intent  Phase = "intent"  // consent is given; the operation is about to run
	Done    Phase = "done"    // outcome: it ran
	Failed  Phase = "failed"  // outcome: it did not, or not to its end
	Refused Phase = "refused" // consent was not given, or is withdrawn
	Note    Phase = "note"    // something seen that is no operation
)

// Event is one record of a room. Its canonical JSON is what is hashed and signed.
type Event struct {
	Contract    digest.SHA256     `json:"contract"`
	Details     map[string]string `json:"details,omitempty"`
	Evidence    []byte            `json:"evidence,omitempty"` // of the room's attestation; in the first event alone
	Intent      uint64            `json:"intent,omitempty"`   // of an outcome: Seq of the intent that it ends
	Operation   string            `json:"operation"`
	Phase       Phase             `json:"phase"`
	Previous    digest.SHA256     `json:"previous,omitzero"` // of the event before; absent from the first
	Room        string            `json:"room"`
	RuntimeData []byte            `json:"runtimeData,omitempty"` // what Evidence vouches for; in the first event alone
	Seq         uint64            `json:"seq"`                   // from 1, without gaps
	Subject     string            `json:"subject"`
	Type        string            `json:"type"`
}

// SignedEvent is an event's canonical JSON and the room's Ed25519 signature over it.
type SignedEvent struct {
	Event     []byte `json:"event"`
	Signature []byte `json:"signature"`
}

// Digest is what the next event's Previous must be.
func (s SignedEvent) Digest() digest.SHA256 { return digest.Of(s.Event) }

// Sign returns e in canonical form, signed. An event that Parse would refuse is Invalid.
func (e Event) Sign(key ed25519.PrivateKey) (SignedEvent, error) {
	e.Type = EventType
	if err := e.check(); err != nil {
		return SignedEvent{}, err
	}
	b, err := canonical.Marshal(e)
	if err != nil {
		return SignedEvent{}, fault.New(fault.Invalid, "governance.event", "%w", err)
	}
	if len(b) > MaxEvent {
		return SignedEvent{}, fault.New(fault.Invalid, "governance.event", "has %d bytes, more than %d", len(b), MaxEvent)
	}
	return SignedEvent{Event: b, Signature: ed25519.Sign(key, b)}, nil
}

// ParseEvent reads an event's canonical JSON strictly. It does not look at signatures
// or at other events: Chain does. Its errors are Invalid.
func ParseEvent(b []byte) (Event, error) {
	if len(b) > MaxEvent {
		return Event{}, fault.New(fault.Invalid, "governance.event", "has %d bytes, more than %d", len(b), MaxEvent)
	}
	var e Event
	if err := canonical.Unmarshal(b, &e); err != nil {
		return Event{}, fault.New(fault.Invalid, "governance.event", "%w", err)
	}
	if err := e.check(); err != nil {
		return Event{}, err
	}
	return e, nil
}

func (e Event) check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.event", format, args...)
	}
	outcome := e.Phase == Done || e.Phase == Failed
	switch {
	case e.Type != EventType:
		return bad("type: must be %s (got %.40q)", EventType, e.Type)
	case e.Contract.IsZero():
		return bad("contract: is required")
	case !isName(e.Room):
		return bad("room: must be 1 to %d letters, digits, dots, dashes or underscores", maxName)
	case !isName(e.Operation):
		return bad("operation: must be 1 to %d letters, digits, dots, dashes or underscores", maxName)
	case !isText(e.Subject, 1, maxSubject):
		return bad("subject: must be 1 to %d bytes of printable text", maxSubject)
	case !outcome && e.Phase != Intent && e.Phase != Refused && e.Phase != Note:
		return bad("phase: is not known (got %.40q)", e.Phase)
	case e.Phase != Note && !IsOperation(e.Operation):
		return bad("operation: %.40q is not one of the gate's", e.Operation)
	case outcome != (e.Intent != 0):
		return bad("intent: belongs to an outcome, and to nothing else")
	case e.Seq == 0:
		return bad("seq: starts at 1")
	case (e.Seq == 1) != e.Previous.IsZero():
		return bad("previous: is absent from the first event and from no other")
	case e.Seq != 1 && (e.Evidence != nil || e.RuntimeData != nil):
		return bad("evidence: belongs to the first event alone")
	}
	return checkDetails(e.Details)
}

func checkDetails(details map[string]string) error {
	if len(details) > maxDetails {
		return fault.New(fault.Invalid, "governance.event", "details: has %d entries, more than %d", len(details), maxDetails)
	}
	size := 0
	for k, v := range details {
		if size += len(k) + len(v); size > maxText {
			return fault.New(fault.Invalid, "governance.event", "details: are longer than %d bytes", maxText)
		}
		if !isName(k) {
			return fault.New(fault.Invalid, "governance.event", "details: %.40q is no name", k)
		}
		if !isText(v, 0, maxValue) {
			return fault.New(fault.Invalid, "governance.event", "details.%s: must be at most %d bytes of printable text", k, maxValue)
		}
	}
	return nil
}

func isName(s string) bool {
	for _, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '-', c == '_':
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxName
}

func isText(s string, least, most int) bool {
	if len(s) < least || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, c := range s {
		if !unicode.IsPrint(c) {
			return false
		}
	}
	return true
}

// printable returns at most 200 bytes of a foreign text, fit for a message or a detail.
func printable(s string) string {
	out := make([]rune, 0, min(len(s), 200))
	size := 0
	for _, c := range s {
		if !unicode.IsPrint(c) {
			c = ' '
		}
		if size += utf8.RuneLen(c); size > 200 {
			break
		}
		out = append(out, c)
	}
	return string(out)
}
