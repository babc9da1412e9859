package governance

import (
	"bytes"
	"crypto/ed25519"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
)

// The only values of Answer.Type and Receipt.Type.
const (
	AnswerType  = "cleanroom.answer/v1"
	ReceiptType = "cleanroom.receipt/v1"
)

// NonceSize is the size of a question's nonce, in bytes.
const NonceSize = 32

// maxSigned bounds an answer or receipt, in bytes of canonical JSON.
const maxSigned = 8 << 10

// Answer is what a signing consent backend signs: the whole question and its decision,
// so that an answer is good for one question of one room alone.
type Answer struct {
	Contract  digest.SHA256 `json:"contract"`
	Granted   bool          `json:"granted"`
	Nonce     []byte        `json:"nonce"`
	Operation string        `json:"operation"`
	Reason    string        `json:"reason,omitempty"`
	Room      string        `json:"room"`
	RoomKey   []byte        `json:"roomKey"` // Ed25519 public key of the room's events
	Subject   string        `json:"subject"`
	Type      string        `json:"type"`
}

// NewAnswer answers a question. A question with a malformed digest is Invalid.
func NewAnswer(q *governancev1.ConsentRequest, granted bool, reason string) (Answer, error) {
	contract, err := digest.FromBytes(q.GetContract())
	if err != nil {
		return Answer{}, fault.New(fault.Invalid, "governance.answer", "contract: %w", err)
	}
	return Answer{
		Contract: contract, Granted: granted, Nonce: q.GetNonce(), Operation: q.GetOperation(), Reason: printable(reason),
		Room: q.GetRoom(), RoomKey: q.GetRoomKey(), Subject: q.GetSubject(), Type: AnswerType,
	}, nil
}

// CheckQuestion refuses, as Invalid, a question that no room would put.
func CheckQuestion(q *governancev1.ConsentRequest) error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.question", format, args...)
	}
	switch {
	case !IsOperation(q.GetOperation()) || !NeedsConsent(q.GetOperation()):
		return bad("operation: %.40q asks for no consent", q.GetOperation())
	case !isText(q.GetSubject(), 1, maxSubject):
		return bad("subject: must be 1 to %d bytes of printable text", maxSubject)
	case len(q.GetContract()) != 32:
		return bad("contract: must have 32 bytes (got %d)", len(q.GetContract()))
	case !isName(q.GetRoom()):
		return bad("room: must be 1 to %d letters, digits, dots, dashes or underscores", maxName)
	case len(q.GetRoomKey()) != ed25519.PublicKeySize:
		return bad("room_key: must have %d bytes (got %d)", ed25519.PublicKeySize, len(q.GetRoomKey()))
	case len(q.GetNonce()) != NonceSize:
		return bad("nonce: must have %d bytes (got %d)", NonceSize, len(q.GetNonce()))
	}
	return nil
}

// Sign returns the answer as a response of the wire contract.
func (a Answer) Sign(key ed25519.PrivateKey) (*governancev1.ConsentResponse, error) {
	b, sig, err := sign(a, key)
	if err != nil {
		return nil, err
	}
	d := governancev1.Decision_DECISION_REFUSED
	if a.Granted {
		d = governancev1.Decision_DECISION_GRANTED
	}
	return &governancev1.ConsentResponse{Decision: d, Reason: a.Reason, Answer: b, Signature: sig}, nil
}

// verifyAnswer refuses, as Denied, a response that is not a signed yes to exactly q.
func verifyAnswer(q *governancev1.ConsentRequest, r *governancev1.ConsentResponse, key ed25519.PublicKey) error {
	var a Answer
	if err := verify(r.GetAnswer(), r.GetSignature(), key, &a); err != nil {
		return fault.New(fault.Denied, "governance.answer", "%w", err)
	}
	bad := func(what string) error {
		return fault.New(fault.Denied, "governance.answer", "the signed answer is for another %s", what)
	}
	switch {
	case a.Type != AnswerType:
		return bad("purpose")
	case !bytes.Equal(a.Nonce, q.GetNonce()):
		return bad("question")
	case !bytes.Equal(a.Contract.Bytes(), q.GetContract()):
		return bad("contract")
	case a.Room != q.GetRoom():
		return bad("room")
	case !bytes.Equal(a.RoomKey, q.GetRoomKey()):
		return bad("room key")
	case a.Operation != q.GetOperation():
		return bad("operation")
	case a.Subject != q.GetSubject():
		return bad("subject")
	case !a.Granted:
		return fault.New(fault.Denied, "governance.answer", "the signed answer is a no")
	}
	return nil
}

// Receipt is what a signing audit backend signs once an event is sequenced and durable.
type Receipt struct {
	Event digest.SHA256 `json:"event"` // of the event's canonical JSON
	Index uint64        `json:"index"` // in the backend's log
	Room  string        `json:"room"`
	Seq   uint64        `json:"seq"`
	Time  int64         `json:"time"` // of the backend's clock, in milliseconds since 1970
	Type  string        `json:"type"`
}

// Sign returns the receipt as a response of the wire contract.
func (r Receipt) Sign(key ed25519.PrivateKey) (*governancev1.RecordResponse, error) {
	r.Type = ReceiptType
	b, sig, err := sign(r, key)
	if err != nil {
		return nil, err
	}
	return &governancev1.RecordResponse{Receipt: b, Signature: sig}, nil
}

// VerifyReceipt returns the receipt if key signed it for this event. Its errors are Denied:
// the event's record is not confirmed.
func VerifyReceipt(event, receipt, signature []byte, key ed25519.PublicKey) (Receipt, error) {
	var r Receipt
	if err := verify(receipt, signature, key, &r); err != nil {
		return Receipt{}, fault.New(fault.Denied, "governance.receipt", "%w", err)
	}
	if r.Type != ReceiptType || !r.Event.Equal(digest.Of(event)) {
		return Receipt{}, fault.New(fault.Denied, "governance.receipt", "the signed receipt is for another event")
	}
	return r, nil
}

func sign(v any, key ed25519.PrivateKey) (b, sig []byte, err error) {
	if b, err = canonical.Marshal(v); err != nil {
		return nil, nil, fault.New(fault.Internal, "governance.sign", "%w", err)
	}
	return b, ed25519.Sign(key, b), nil
}

func verify(b, sig []byte, key ed25519.PublicKey, v any) error {
	const op = "governance.verify"
	switch {
	case len(key) != ed25519.PublicKeySize:
		return fault.New(fault.Invalid, op, "no key to verify with")
	case len(b) == 0:
		return fault.New(fault.Denied, op, "carries no signed document, and the specification pins a key")
	case len(b) > maxSigned:
		return fault.New(fault.Denied, op, "the signed document has %d bytes, more than %d", len(b), maxSigned)
	case !ed25519.Verify(key, b, sig):
		return fault.New(fault.Denied, op, "not signed by the pinned key")
	}
	if err := canonical.Unmarshal(b, v); err != nil {
		return fault.New(fault.Denied, op, "the signed document: %w", err)
	}
	return nil
}
