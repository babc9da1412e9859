package fault_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestKindsAndExitCodes(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		kind fault.Kind
		exit int
	}{
		"nothing wrong exits 0":                      {nil, fault.Internal, 0},
		"an error without a kind is internal":        {errors.New("x"), fault.Internal, 1},
		"a wrong command line exits 2":               {fault.New(fault.Usage, "a", "x"), fault.Usage, 2},
		"a wrong document exits 3":                   {fault.New(fault.Invalid, "a", "x"), fault.Invalid, 3},
		"a refusal exits 4":                          {fault.New(fault.Denied, "a", "x"), fault.Denied, 4},
		"missing evidence exits 5":                   {fault.New(fault.Unattested, "a", "x"), fault.Unattested, 5},
		"changed bytes exit 6":                       {fault.New(fault.Tampered, "a", "x"), fault.Tampered, 6},
		"a silent service exits 7":                   {fault.New(fault.Unavailable, "a", "x"), fault.Unavailable, 7},
		"a failed application exits 8":               {fault.New(fault.Failed, "a", "x"), fault.Failed, 8},
		"ended on request exits 130":                 {fault.New(fault.Interrupted, "a", "x"), fault.Interrupted, 130},
		"a kind survives wrapping by fmt":            {fmt.Errorf("y: %w", fault.New(fault.Denied, "a", "x")), fault.Denied, 4},
		"a kind survives Wrap":                       {fault.Wrap("b", fault.New(fault.Tampered, "a", "x")), fault.Tampered, 6},
		"the outermost kind decides":                 {fault.New(fault.Denied, "b", "y: %w", fault.New(fault.Tampered, "a", "x")), fault.Denied, 4},
		"a bare deadline is unavailable":             {context.DeadlineExceeded, fault.Unavailable, 7},
		"a full disk is unavailable":                 {&os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, fault.Unavailable, 7},
		"a bare cancellation is ended on request":    {fmt.Errorf("z: %w", context.Canceled), fault.Interrupted, 130},
		"a number that is no kind exits as internal": {fault.New(fault.Kind(200), "a", "x"), fault.Kind(200), 1},
	} {
		t.Run(name, func(t *testing.T) {
			if got := fault.Exit(tc.err); got != tc.exit {
				t.Errorf("Exit(%v) = %d, want %d", tc.err, got, tc.exit)
			}
			if tc.err == nil {
				return
			}
			if got := fault.KindOf(tc.err); got != tc.kind {
				t.Errorf("KindOf(%v) = %v, want %v", tc.err, got, tc.kind)
			}
		})
	}
}

func TestWrapKeepsNil(t *testing.T) {
	if err := fault.Wrap("a", nil); err != nil {
		t.Errorf("Wrap(nil) = %v, want nil", err)
	}
}
