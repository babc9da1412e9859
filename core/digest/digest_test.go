package digest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
)

func TestParse(t *testing.T) {
	good := digest.Of([]byte("abc")).String()
	for name, tc := range map[string]struct{ in, wantErr string }{
		"what String wrote is read":    {good, ""},
		"upper-case hex is refused":    {"sha256:" + strings.ToUpper(good[7:]), "not 64 lower-case hex digits"},
		"a missing prefix is refused":  {good[7:], "does not begin with sha256:"},
		"one digit less is refused":    {good[:len(good)-1], "not 64 lower-case hex digits"},
		"one digit more is refused":    {good + "0", "not 64 lower-case hex digits"},
		"white space is refused":       {good + "\n", "not 64 lower-case hex digits"},
		"another algorithm is refused": {"sha512:" + good[7:], "does not begin with sha256:"},
		"nothing is refused":           {"", "does not begin with sha256:"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := digest.Parse(tc.in)
			if tc.wantErr == "" {
				if err != nil || d.String() != tc.in {
					t.Errorf("Parse(%q) = %v, %v", tc.in, d, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Parse(%q) = %v, want %q", tc.in, err, tc.wantErr)
			}
		})
	}
}

func TestZeroEqualsNothing(t *testing.T) {
	var zero digest.SHA256
	if zero.Equal(zero) || zero.Equal(digest.Of(nil)) || digest.Of(nil).Equal(zero) {
		t.Error("a digest that is not set equals something")
	}
	if _, err := json.Marshal(zero); err == nil {
		t.Error("a digest that is not set was written")
	}
	if b := make([]byte, 32); func() bool { d, _ := digest.FromBytes(b); return d.IsZero() }() {
		t.Error("32 zero bytes are a digest like any other")
	}
}

func TestOfReaderAgreesWithOf(t *testing.T) {
	d, err := digest.OfReader(strings.NewReader("abc"))
	if err != nil || !d.Equal(digest.Of([]byte("abc"))) {
		t.Errorf("OfReader = %v, %v", d, err)
	}
}
