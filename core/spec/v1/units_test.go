package v1_test

import (
	"encoding/json"
	"testing"
	"time"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

func TestSizeHasOneSpelling(t *testing.T) {
	for in, want := range map[string]string{
		`"64MiB"`: `"64MiB"`, `"65536KiB"`: `"64MiB"`, `67108864`: `"64MiB"`, `"67108864"`: `"64MiB"`,
		`1`: `"1"`, `0`: `"0"`, `"1025KiB"`: `"1025KiB"`, `9223372036854775807`: `"9223372036854775807"`, `"8388607TiB"`: `"8388607TiB"`,
	} {
		var s v1.Size
		if err := json.Unmarshal([]byte(in), &s); err != nil {
			t.Errorf("Unmarshal(%s) = %v", in, err)
			continue
		}
		if b, err := json.Marshal(s); err != nil || string(b) != want {
			t.Errorf("Marshal of %s = %s, %v, want %s", in, b, err, want)
		}
	}
	for _, in := range []string{`""`, `"64 MiB"`, `"64MB"`, `"-1"`, `-1`, `1.5`, `"1.5GiB"`, `"+1"`, `"01"`, `"MiB"`, `8388608000000000000000`, `"8388608TiB"`, `true`, `{}`} {
		var s v1.Size
		if err := json.Unmarshal([]byte(in), &s); err == nil {
			t.Errorf("Unmarshal(%s) = %s, want an error", in, s)
		}
	}
}

func TestDurationHasOneSpelling(t *testing.T) {
	var d v1.Duration
	if err := json.Unmarshal([]byte(`"90s"`), &d); err != nil || time.Duration(d) != 90*time.Second {
		t.Errorf("Unmarshal = %v, %v", d, err)
	}
	if b, err := json.Marshal(d); err != nil || string(b) != `"1m30s"` {
		t.Errorf("Marshal = %s, %v", b, err)
	}
	for _, in := range []string{`90`, `"90"`, `"soon"`, `""`} {
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("Unmarshal(%s) = %v, want an error", in, d)
		}
	}
}
