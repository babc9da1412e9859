package spec

import (
	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// Canonical returns the one form of s that is digested: canonical JSON, sizes and
// durations in their one exact spelling, what is empty and optional left out. An
// invalid specification has none. Decode of it gives s again.
func Canonical(s *v1.Spec) ([]byte, error) {
	const op = "spec.canonical"
	if err := Validate(s); err != nil {
		return nil, err
	}
	b, err := canonical.Marshal(s)
	if err != nil {
		return nil, fault.New(fault.Invalid, op, "%w", err)
	}
	// A program can put into a plugin's configuration what no document can hold.
	if _, err := Decode("", b); err != nil {
		return nil, fault.Wrap(op, err)
	}
	return b, nil
}

// Digest returns the specification digest: SHA-256 of the canonical form.
func Digest(s *v1.Spec) (digest.SHA256, error) {
	b, err := Canonical(s)
	if err != nil {
		return digest.SHA256{}, err
	}
	return digest.Of(b), nil
}

// Contract returns the digest that the parties vote on: SHA-256 of the canonical
// JSON {"policy": the policy's hash, "specification": the specification's digest}.
func Contract(specification, policy digest.SHA256) (digest.SHA256, error) {
	const op = "spec.contract"
	if specification.IsZero() || policy.IsZero() {
		return digest.SHA256{}, fault.New(fault.Invalid, op, "needs a specification digest and a policy hash")
	}
	b, err := canonical.Marshal(struct {
		Policy        digest.SHA256 `json:"policy"`
		Specification digest.SHA256 `json:"specification"`
	}{policy, specification})
	if err != nil {
		return digest.SHA256{}, fault.New(fault.Internal, op, "%w", err)
	}
	return digest.Of(b), nil
}
