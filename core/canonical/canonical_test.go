package canonical_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
)

type doc struct {
	Z     string            `json:"z"`
	A     int               `json:"a"`
	Bytes []byte            `json:"bytes,omitempty"`
	M     map[string]string `json:"m,omitempty"`
}

func TestMarshalSortsAndKeepsText(t *testing.T) {
	got, err := canonical.Marshal(doc{Z: "<&>é", A: 7, M: map[string]string{"b": "1", "a": "2"}})
	want := `{"a":7,"m":{"a":"2","b":"1"},"z":"<&>é"}`
	if err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v, want %s", got, err, want)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ in, wantErr string }{
		"canonical form is read":             {`{"a":1,"z":"x"}`, ""},
		"unsorted keys are refused":          {`{"z":"x","a":1}`, "canonical"},
		"white space is refused":             {`{"a":1, "z":"x"}`, "canonical"},
		"a trailing newline is refused":      {"{\"a\":1,\"z\":\"x\"}\n", "canonical"},
		"a second value is refused":          {`{"a":1,"z":"x"}{}`, "canonical"},
		"an unknown field is refused":        {`{"a":1,"b":2,"z":"x"}`, "unknown field"},
		"a duplicate field is refused":       {`{"a":1,"a":1,"z":"x"}`, "canonical"},
		"a field in another case is refused": {`{"A":1,"z":"x"}`, "canonical"},
		"a missing field is refused":         {`{"a":1}`, "canonical"},
		"another spelling is refused":        {`{"a":1,"z":"\u0078"}`, "canonical"},
		"a wrong type is refused":            {`{"a":"1","z":"x"}`, "cannot unmarshal"},
		"half a document is refused":         {`{"a":1,"z":`, "ends too early"},
		"nothing is refused":                 {``, "ends too early"},
		"bytes that are no text are refused": {"{\"a\":1,\"z\":\"\xff\"}", "UTF-8"},
		"loose base64 bits are refused":      {`{"a":1,"bytes":"AB==","z":"x"}`, "canonical"},
	} {
		t.Run(name, func(t *testing.T) {
			var d doc
			err := canonical.Unmarshal([]byte(tc.in), &d)
			if tc.wantErr == "" {
				if err != nil {
					t.Errorf("Unmarshal(%s) = %v", tc.in, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("Unmarshal(%s) = %v, want %q", tc.in, err, tc.wantErr)
			}
		})
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"a":1,"z":"x"}`))
	f.Add([]byte(`{"a":1,"bytes":"AA==","m":{"k":"v"},"z":"\u2028"}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		var d doc
		if canonical.Unmarshal(in, &d) != nil {
			return
		}
		out, err := canonical.Marshal(d)
		if err != nil || !bytes.Equal(out, in) {
			t.Errorf("read %q, wrote %q, %v", in, out, err)
		}
		if !json.Valid(in) {
			t.Errorf("accepted %q, which is not JSON", in)
		}
	})
}
