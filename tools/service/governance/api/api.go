// Package api is what the governance service and its clients say to each other over
// HTTP: JSON in canonical form, and acts that parties sign. It neither sends nor keeps
// anything.
package api

import (
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Paths of the service. {} is a digest or a room's name.
const (
	PathInfo      = "/v1/info"       // GET → Info
	PathActs      = "/v1/acts"       // POST Submission → Accepted
	PathContracts = "/v1/contracts"  // GET → []Contract; /{contract} → Contract; /{contract}/acts → []LoggedAct
	PathDocuments = "/v1/documents/" // GET {digest} → the bytes
	PathConsent   = "/v1/consent"    // POST Question → Answer
	PathEvents    = "/v1/events"     // POST Event → Receipt
	PathRooms     = "/v1/rooms"      // GET → []Room; /{room}/events → Trail (?key= where two rooms share a name)
	PathLog       = "/v1/log/"       // GET checkpoint, tile/…: the whole log as tlog-tiles (c2sp.org/tlog-tiles)
)

// Bounds, in bytes.
const (
	MaxSpecification = 1 << 20
	MaxPolicy        = 4 << 20
)

// Party may act. All parties of a service are registered when it is initialised, and a
// contract is agreed when every one of them has voted for it.
type Party struct {
	Key  []byte `json:"key"` // Ed25519 public key
	Name string `json:"name"`
}

// Info is what a client needs to know before it acts.
type Info struct {
	CheckpointKey string            `json:"checkpointKey"` // verifies checkpoints of the log: golang.org/x/mod/sumdb/note
	Counters      map[string]uint64 `json:"counters"`      // by party: of its last act
	Key           []byte            `json:"key"`           // Ed25519 public key: signs answers and receipts
	Parties       []Party           `json:"parties"`
}

// Submission brings an act, and the documents that a proposal is about.
type Submission struct {
	Act           SignedAct `json:"act"`
	Policy        []byte    `json:"policy,omitempty"`
	Specification []byte    `json:"specification,omitempty"`
}

// Accepted says where in the log an act is.
type Accepted struct {
	Index uint64 `json:"index"`
}

// Contract is the state of one contract.
type Contract struct {
	Agreed        bool                `json:"agreed"` // every party's vote is a yes
	Contract      digest.SHA256       `json:"contract"`
	Policy        digest.SHA256       `json:"policy"`
	ProposedBy    string              `json:"proposedBy"`
	Specification digest.SHA256       `json:"specification"`
	Switches      map[string][]string `json:"switches"` // by party: operations switched on, sorted
	Votes         map[string]bool     `json:"votes"`    // by party; one that has not voted is absent
}

// Question asks for consent: the wire contract's ConsentRequest as JSON.
type Question struct {
	Contract  []byte `json:"contract"`
	Nonce     []byte `json:"nonce"`
	Operation string `json:"operation"`
	Room      string `json:"room"`
	RoomKey   []byte `json:"roomKey"`
	Subject   string `json:"subject"`
}

// Answer is the signed decision. Believe nothing of it but the signature's document.
type Answer struct {
	Answer    []byte `json:"answer"` // canonical JSON of core/governance.Answer
	Granted   bool   `json:"granted"`
	Reason    string `json:"reason,omitempty"`
	Signature []byte `json:"signature"`
}

// Event brings a room's event.
type Event struct {
	Event     []byte `json:"event"` // canonical JSON of core/governance.Event
	RoomKey   []byte `json:"roomKey"`
	Signature []byte `json:"signature"` // by the room
}

// Receipt says that an event is sequenced and durable.
type Receipt struct {
	Receipt   []byte `json:"receipt"` // canonical JSON of core/governance.Receipt
	Signature []byte `json:"signature"`
}

// Room is one room that has recorded something.
type Room struct {
	Closed   bool          `json:"closed"`
	Contract digest.SHA256 `json:"contract"`
	Events   uint64        `json:"events"`
	Key      []byte        `json:"key"` // of the events; whoever lists them must compare it with the attested one
	Room     string        `json:"room"`
}

// Trail is all that a room has recorded, in order.
type Trail struct {
	Events []LoggedEvent `json:"events"`
	Room   Room          `json:"room"`
}

// LoggedEvent is an event with its receipt.
type LoggedEvent struct {
	Event     []byte  `json:"event"`
	Receipt   Receipt `json:"receipt"`
	Signature []byte  `json:"signature"`
}

// LoggedAct is an act with its place in the log.
type LoggedAct struct {
	Act   SignedAct `json:"act"`
	Index uint64    `json:"index"`
	Time  int64     `json:"time"` // of the service's clock, in milliseconds since 1970
}

// Error is the body of every answer that is not 200.
type Error struct {
	Kind    string `json:"kind"` // a fault.Kind's name
	Message string `json:"message"`
}

var statuses = map[fault.Kind]int{
	fault.Invalid: 400, fault.Denied: 403, fault.NotFound: 404, fault.Tampered: 409, fault.Unavailable: 503,
}

// Status returns the HTTP status for an error of kind k.
func Status(k fault.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return 500
}

// FaultKind returns the kind that e names. One that is not known is Internal.
func (e Error) FaultKind() fault.Kind {
	for k := range statuses {
		if k.String() == e.Kind {
			return k
		}
	}
	return fault.Internal
}
