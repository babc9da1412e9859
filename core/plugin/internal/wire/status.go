package wire

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"
	"unicode"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// domain marks our ErrorInfo; a status without it has no kind.
const domain = "cleanroom"

// maxText bounds what is kept of a text that a plugin chose, in bytes.
const maxText = 1 << 10

// Violation is one wrong field of a configuration.
type Violation struct {
	Field       string // path inside the configuration, such as endpoint
	Description string // what would be right
}

// Violations is an error that says everything wrong with a configuration at once.
type Violations []Violation

func (v Violations) Error() string {
	lines := make([]string, len(v))
	for i, one := range v {
		lines[i] = one.Field + ": " + one.Description
	}
	return strings.Join(lines, "; ")
}

// code is the one gRPC code of each kind that crosses the boundary.
var code = map[fault.Kind]codes.Code{
	fault.Internal:    codes.Internal,
	fault.Invalid:     codes.InvalidArgument,
	fault.NotFound:    codes.NotFound,
	fault.Denied:      codes.PermissionDenied,
	fault.Unattested:  codes.FailedPrecondition,
	fault.Tampered:    codes.DataLoss,
	fault.Unavailable: codes.Unavailable,
	fault.Failed:      codes.Aborted,
	fault.Interrupted: codes.Canceled,
}

// ToStatus is err as it crosses the boundary: its kind as code and ErrorInfo, its violations
// as BadRequest. A kind that does not cross is Internal.
func ToStatus(err error) error {
	if err == nil {
		return nil
	}
	kind := fault.KindOf(err)
	c, ok := code[kind]
	if !ok {
		kind, c = fault.Internal, codes.Internal
	}
	st := status.New(c, Clip(err.Error()))
	info := &errdetails.ErrorInfo{Reason: kind.String(), Domain: domain,
		Metadata: map[string]string{"kind": strconv.Itoa(int(kind))}}
	var vs Violations
	var detailed *status.Status
	if errors.As(err, &vs) {
		bad := &errdetails.BadRequest{}
		for _, v := range vs {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: Clip(v.Field), Description: Clip(v.Description)})
		}
		detailed, err = st.WithDetails(info, bad)
	} else {
		detailed, err = st.WithDetails(info)
	}
	if err != nil {
		return st.Err()
	}
	return detailed.Err()
}

// FromStatus gives err, of a call under ctx, its kind back. A status without our kind, or
// whose code is not that kind's, is Internal: no plugin causes a retry by accident.
func FromStatus(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	st := status.Convert(err)
	kind, known := fault.Internal, false
	var vs Violations
	for _, d := range st.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			n, err := strconv.ParseUint(d.Metadata["kind"], 10, 8)
			if c, ok := code[fault.Kind(n)]; err == nil && ok && d.Domain == domain && c == st.Code() {
				kind, known = fault.Kind(n), true
			}
		case *errdetails.BadRequest:
			for _, f := range d.FieldViolations {
				vs = append(vs, Violation{Clip(f.Field), Clip(f.Description)})
			}
		}
	}
	switch {
	case !known && over(ctx) != nil:
		return fault.New(fault.KindOf(over(ctx)), op, "%w", over(ctx))
	case kind == fault.Invalid && len(vs) > 0:
		return fault.New(kind, op, "%w", vs)
	case !known:
		return fault.New(kind, op, "status %s without a kind: %s", st.Code(), Clip(st.Message()))
	}
	return fault.New(kind, op, "%s", Clip(st.Message()))
}

// over is ctx.Err, but for a deadline that has passed and not been noticed yet: gRPC hands
// the deadline on, and the other end may be quicker.
func over(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// Clip bounds a text from the other side and takes from it what could forge a line or
// steer a terminal. It keeps valid UTF-8 valid.
func Clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "…"
}
