package governance

import (
	"crypto/ed25519"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func (c Config) check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.new", format, args...)
	}
	switch {
	case c.Contract.IsZero():
		return bad("contract: is required")
	case !isName(c.Room):
		return bad("room: must be 1 to %d letters, digits, dots, dashes or underscores", maxName)
	case len(c.Key) != ed25519.PrivateKeySize:
		return bad("key: must be an Ed25519 private key")
	case len(c.Evidence)+len(c.RuntimeData) > maxEvidence:
		return bad("evidence: has %d bytes with its runtime data, more than %d", len(c.Evidence)+len(c.RuntimeData), maxEvidence)
	case len(c.Consent) == 0:
		return bad("consent: needs at least one endpoint: nobody to ask is a no")
	case len(c.Audit) == 0:
		return bad("audit: needs at least one endpoint: nothing may happen unrecorded")
	}
	var names []string
	endpoint := func(list, name string, timeout time.Duration, client Client, key ed25519.PublicKey) error {
		unique := list + "/" + name
		switch {
		case !isName(name) || slices.Contains(names, unique):
			return bad("%s: the name %.40q is empty, used twice, or no name", list, name)
		case timeout <= 0:
			return bad("%s.%s: timeout: must be above 0", list, name)
		case client == nil:
			return bad("%s.%s: has no client", list, name)
		case key != nil && len(key) != ed25519.PublicKeySize:
			return bad("%s.%s: answerKey: must be an Ed25519 public key", list, name)
		}
		names = append(names, unique)
		return nil
	}
	for _, e := range c.Consent {
		if err := endpoint("consent", e.Name, e.Timeout, e.Client, e.AnswerKey); err != nil {
			return err
		}
		if len(e.Operations) == 0 {
			return bad("consent.%s: operations: needs at least one", e.Name)
		}
		for _, op := range e.Operations {
			if !IsOperation(op) || !NeedsConsent(op) {
				return bad("consent.%s: operations: %.40q asks for no consent", e.Name, op)
			}
		}
	}
	for _, e := range c.Audit {
		if err := endpoint("audit", e.Name, e.Timeout, e.Client, e.AnswerKey); err != nil {
			return err
		}
	}
	return nil
}

func (r Request) check() error {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "governance.request", format, args...)
	}
	if !isName(r.Operation) {
		return bad("operation: %.40q is no name", r.Operation)
	}
	if !isText(r.Subject, 1, maxSubject) {
		return bad("%s: subject: must be 1 to %d bytes of printable text", r.Operation, maxSubject)
	}
	for k := range r.Details {
		if strings.HasPrefix(k, "consent.") || strings.HasPrefix(k, "audit.") {
			return bad("%s: details.%s: is a name of the gate's own", r.Operation, k)
		}
	}
	return checkDetails(r.Details)
}

func join(a, b map[string]string) map[string]string {
	out := maps.Clone(a)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, b)
	return out
}
