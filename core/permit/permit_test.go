package permit_test

import (
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

func TestCheck(t *testing.T) {
	good, _ := permit.Issue("data.present", "north")
	ended, end := permit.Issue("data.present", "north")
	end()
	for name, tc := range map[string]struct {
		p       permit.Permit
		op, sub string
		wantErr string
	}{
		"the zero value refuses":         {permit.Permit{}, "data.present", "north", "no permit"},
		"its own operation passes":       {good, "data.present", "north", ""},
		"another operation is refused":   {good, "key.release", "north", "permit is for"},
		"another subject is refused":     {good, "data.present", "south", "permit is for"},
		"a permit that ended is refused": {ended, "data.present", "north", "has ended"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tc.p.Check(tc.op, tc.sub)
			if tc.wantErr == "" {
				if err != nil {
					t.Errorf("Check(%s, %s) = %v", tc.op, tc.sub, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != fault.Denied {
				t.Errorf("Check(%s, %s) = %v, want %q", tc.op, tc.sub, err, tc.wantErr)
			}
		})
	}
}
