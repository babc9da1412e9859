// Package fault gives every error of the clean room one of a few kinds, and
// each kind one exit code. Code acts on kinds, never on an error's text.
package fault

import (
	"context"
	"errors"
	"fmt"
	"syscall"
)

// Kind says what sort of thing went wrong. The numbers cross the plugin
// boundary and are never reused. The zero value is Internal: an error nobody
// classified is never retried and never excused.
type Kind uint8

const (
	Internal    Kind = 0 // a defect, or an error without a kind
	Invalid     Kind = 1 // a document, argument or configuration is wrong
	NotFound    Kind = 2 // the named thing does not exist
	Denied      Kind = 3 // a party, policy or permission said no
	Unattested  Kind = 4 // evidence is missing or does not prove what is needed
	Tampered    Kind = 5 // bytes are not the ones that were published or pinned
	Unavailable Kind = 6 // something needed does not answer; the only kind retried
	Failed      Kind = 7 // the application itself failed
	Interrupted Kind = 8 // ended on request, in order
	Usage       Kind = 9 // the command line is wrong
)

var kinds = [...]struct {
	name string
	exit int
}{
	Internal:    {"internal", 1},
	Invalid:     {"invalid", 3},
	NotFound:    {"not found", 7},
	Denied:      {"denied", 4},
	Unattested:  {"unattested", 5},
	Tampered:    {"tampered", 6},
	Unavailable: {"unavailable", 7},
	Failed:      {"failed", 8},
	Interrupted: {"interrupted", 130},
	Usage:       {"usage", 2},
}

// String is the kind's name in messages and audit records.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k].name
	}
	return kinds[Internal].name
}

// Error is an error with a kind and the operation that met it.
type Error struct {
	Kind Kind
	Op   string // what was being done, such as "keyrelease.fetch"
	Err  error  // never nil
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// New returns an error of the given kind; format may hold %w.
func New(kind Kind, op, format string, args ...any) error {
	return &Error{Kind: kind, Op: op, Err: fmt.Errorf(format, args...)}
}

// Wrap adds op to err and keeps err's kind. It returns nil for a nil err.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: KindOf(err), Op: op, Err: err}
}

// KindOf returns the kind of the outermost *Error in err's tree. A bare
// deadline or full disk is Unavailable, a bare cancellation Interrupted, anything
// else without a kind Internal.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, syscall.ENOSPC):
		return Unavailable
	case errors.Is(err, context.Canceled):
		return Interrupted
	}
	return Internal
}

// Exit returns the documented exit code for err: 0 for nil, else its kind's.
// The codes are listed once, in docs/exit-codes.md.
func Exit(err error) int {
	if err == nil {
		return 0
	}
	if k := KindOf(err); int(k) < len(kinds) {
		return kinds[k].exit
	}
	return kinds[Internal].exit
}
