// Package doctor says what this machine lacks for the demo and for rooms, and the
// command that mends it. It looks only: it installs, loads and changes nothing.
package doctor

import (
	"context"
	"time"
)

// State is what a check found.
type State string

const (
	OK      State = "ok"
	Missing State = "missing"  // the demo cannot run
	Without State = "optional" // not there, and the demo runs without
)

// Finding is the result of one check.
type Finding struct {
	Name  string `json:"name"`
	For   string `json:"for"`            // what needs it
	State State  `json:"state"`          //
	Found string `json:"found"`          // what is there, or why it will not do
	Mend  string `json:"mend,omitempty"` // the command that mends it, when it is not there
}

// check looks at one thing. Its look returns what is there, or why it will not do.
type check struct {
	name, need, mend string
	optional         bool
	look             func(ctx context.Context) (found string, err error)
}

// Timeout bounds one check: a machine whose podman hangs is a finding, not a hang.
const Timeout = 20 * time.Second

// Examine runs every check, in order.
func Examine(ctx context.Context) []Finding { return examine(ctx, checks()) }

func examine(ctx context.Context, list []check) []Finding {
	out := make([]Finding, 0, len(list))
	for _, c := range list {
		one, cancel := context.WithTimeout(ctx, Timeout)
		found, err := c.look(one)
		cancel()
		f := Finding{Name: c.name, For: c.need, State: OK, Found: found}
		if err != nil {
			f.State, f.Found, f.Mend = Missing, err.Error(), c.mend
			if c.optional {
				f.State = Without
			}
		}
		out = append(out, f)
	}
	return out
}

// Lacking returns the names of what is missing.
func Lacking(list []Finding) []string {
	var out []string
	for _, f := range list {
		if f.State == Missing {
			out = append(out, f.Name)
		}
	}
	return out
}
