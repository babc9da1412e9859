// Package keyrelease gets a key from a key service: evidence goes out, the key
// comes back wrapped to a key whose hash is in the evidence. It never hands an
// unwrapped key to anything but a secret, and never believes an answer that the
// key service did not sign for this very question.
package keyrelease

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// Operation is the privileged operation that Fetch is; its subject is a source.
const Operation = "key.release"

// KeySize is the size of every KEK and DEK, in bytes.
const KeySize = 32

// NonceSize is the size of a question's nonce, in bytes.
const NonceSize = 32

// maxAnswer bounds a signed answer; with a 4096-bit wrapping key it is below 2 KiB.
const maxAnswer = 16 << 10

// Service is a key service, as consumed here. It sees no key in clear.
type Service interface {
	// Release returns the canonical JSON of an Answer and its signature.
	Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error)
}

// Answer is what a key service signs.
type Answer struct {
	Nonce    []byte `json:"nonce"`    // of the question
	Key      string `json:"key"`      // the KEK's identifier
	Wrapped  []byte `json:"wrapped"`  // as Wrap makes it
	Platform string `json:"platform"` // of the release policy that was met
}

// signing keeps these signatures apart from all others by the same key.
const signing = "cleanroom/v1 key release\x00"

// Sign returns a's canonical JSON and its Ed25519 signature.
func (a Answer) Sign(key ed25519.PrivateKey) (answer, signature []byte, err error) {
	b, err := canonical.Marshal(a)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "keyrelease.sign", "%w", err)
	}
	return b, ed25519.Sign(key, append([]byte(signing), b...)), nil
}

// Request is one question. Every field is required.
type Request struct {
	Source      string            // the spec's source that the key is for
	Key         string            // the KEK's identifier at the key service
	AnswerKey   ed25519.PublicKey // from the specification: signs the answers
	Evidence    []byte            // canonical JSON of attest.Evidence
	RuntimeData []byte            // canonical JSON whose hash the evidence carries
	WrapKey     WrapKey           // the first key of the runtime data
	Platform    string            // of the specification
}

// Fetch asks svc for a KEK of KeySize bytes. It needs a permit for key.release of
// the source. Errors: Denied without permit, Invalid for an incomplete request,
// the service's own kind, Tampered for an answer that is not its signed answer to
// this question, Unattested for one given to another platform.
func Fetch(ctx context.Context, p permit.Permit, svc Service, req Request) (*secret.Bytes, error) {
	const op = "keyrelease.fetch"
	if err := p.Check(Operation, req.Source); err != nil {
		return nil, err
	}
	if err := req.complete(); err != nil {
		return nil, err
	}
	nonce := make([]byte, NonceSize)
	if _, err := rand.Read(nonce); err != nil {
		return nil, fault.New(fault.Internal, op, "nonce: %w", err)
	}
	answer, signature, err := svc.Release(ctx, req.Key, req.Evidence, req.RuntimeData, bytes.Clone(nonce))
	if err != nil {
		return nil, fault.New(fault.KindOf(err), op, "key %s: %w", req.Key, err)
	}
	a, err := openAnswer(answer, signature, nonce, req)
	if err != nil {
		return nil, err
	}
	key, err := Unwrap(req.WrapKey, a.Wrapped)
	if err != nil {
		return nil, fault.New(fault.Tampered, op, "key %s: %w", req.Key, err)
	}
	if key.Len() != KeySize {
		defer key.Destroy()
		return nil, fault.New(fault.Invalid, op, "key %s: %d bytes, want %d", req.Key, key.Len(), KeySize)
	}
	return key, nil
}

func (r Request) complete() error {
	var what string
	switch {
	case r.Source == "":
		what = "source"
	case r.Key == "":
		what = "key"
	case len(r.AnswerKey) != ed25519.PublicKeySize:
		what = "answer key"
	case len(r.Evidence) == 0:
		what = "evidence"
	case len(r.RuntimeData) == 0:
		what = "runtime data"
	case r.WrapKey == nil:
		what = "wrapping key"
	case r.Platform == "":
		what = "platform"
	default:
		return nil
	}
	return fault.New(fault.Invalid, "keyrelease.fetch", "key %s: request without %s", r.Key, what)
}

func openAnswer(answer, signature, nonce []byte, req Request) (Answer, error) {
	refuse := func(kind fault.Kind, format string, args ...any) (Answer, error) {
		return Answer{}, fault.New(kind, "keyrelease.answer", "key "+req.Key+": "+format, args...)
	}
	if len(answer) > maxAnswer {
		return refuse(fault.Tampered, "%d bytes, more than %d", len(answer), maxAnswer)
	}
	if len(signature) != ed25519.SignatureSize ||
		!ed25519.Verify(req.AnswerKey, append([]byte(signing), answer...), signature) {
		return refuse(fault.Tampered, "not signed by the key service that the specification names")
	}
	var a Answer
	if err := canonical.Unmarshal(answer, &a); err != nil {
		return refuse(fault.Tampered, "%w", err)
	}
	switch {
	case !bytes.Equal(a.Nonce, nonce):
		return refuse(fault.Tampered, "answers another question (nonce %x, want %x)", a.Nonce, nonce)
	case a.Key != req.Key:
		return refuse(fault.Tampered, "is for key %.80q", a.Key)
	case a.Platform != req.Platform:
		return refuse(fault.Unattested, "released to platform %.40q, want %q", a.Platform, req.Platform)
	}
	return a, nil
}
