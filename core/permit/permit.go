// Package permit holds the proof that the gate let one privileged operation
// pass. Functions that do privileged work take a Permit and check it first, so
// they cannot be called around the gate. Only core/governance may call Issue;
// the import checker holds that.
package permit

import (
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// Permit allows one operation on one subject. Its zero value allows nothing.
type Permit struct{ s *state }

type state struct {
	operation, subject string
	done               chan struct{}
}

// Issue makes a permit and the function that ends it. For core/governance alone.
func Issue(operation, subject string) (Permit, func()) {
	s := &state{operation, subject, make(chan struct{})}
	return Permit{s}, func() { close(s.done) }
}

// Check refuses unless p was issued for this operation and subject and its
// operation is still under way.
func (p Permit) Check(operation, subject string) error {
	if p.s == nil {
		return fault.New(fault.Denied, operation, "%s: no permit: the gate was not asked", subject)
	}
	select {
	case <-p.s.done:
		return fault.New(fault.Denied, operation, "%s: the permit has ended", subject)
	default:
	}
	if p.s.operation != operation || p.s.subject != subject {
		return fault.New(fault.Denied, operation, "%s: permit is for %s %s", subject, p.s.operation, p.s.subject)
	}
	return nil
}
