package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const good = `{"name": "keyservice/x", "version": "1", "services": ["cleanroom.plugin.control.v1.Control",
	"cleanroom.plugin.keyservice.v1.KeyService"], "capabilities": [], "hostServices": [], "tokenAudiences": []}`

type keys struct{ says string }

func (k keys) Describe() Description                { return MustManifest([]byte(k.says)) }
func (keys) Validate([]byte) []Violation            { return nil }
func (keys) Configure(context.Context, Setup) error { return nil }
func (keys) Release(context.Context, *ReleaseRequest) (*ReleaseResponse, error) {
	return nil, nil
}

func TestServeRefusesWhatIsNotItsManifest(t *testing.T) {
	for name, tc := range map[string]struct{ says, manifest, wantErr string }{
		"a Describe that differs":         {strings.Replace(good, `"1"`, `"2"`, 1), good, "Describe and plugin.json differ"},
		"a service that it does not have": {strings.Replace(good, "KeyService", "Other", 1), strings.Replace(good, "KeyService", "Other", 1), "which is what it serves"},
		"no manifest":                     {good, "", "plugin.json"},
	} {
		if err := serve(keys{tc.says}, []byte(tc.manifest)); err == nil || !strings.Contains(err.Error(), tc.wantErr) {
			t.Errorf("%s: serve = %v, want %q", name, err, tc.wantErr)
		}
	}
}

func TestRejectNamesEveryField(t *testing.T) {
	err := Reject(Violation{Field: "a", Description: "is required"}, Violation{Field: "b", Description: "must be text"})
	if KindOf(err) != Invalid || !strings.Contains(err.Error(), "a: is required; b: must be text") {
		t.Errorf("Reject = %v (%v)", err, KindOf(err))
	}
	if err := Errorf(Denied, "op", "x: %w", ErrCondition); !errors.Is(err, ErrCondition) || fault.KindOf(err) != Denied {
		t.Errorf("Errorf = %v", err)
	}
}

func TestLinesAreHclogs(t *testing.T) {
	var out strings.Builder
	slog.New(newHandler(&out)).With("a", 1).Warn("m", slog.Group("g", "level", 2))
	var line map[string]any
	if err := json.Unmarshal([]byte(out.String()), &line); err != nil {
		t.Fatal(err)
	}
	if line["@message"] != "m" || line["@level"] != "warn" || line["@timestamp"] == nil || line["a"] != 1.0 {
		t.Errorf("line = %s", out.String())
	}
}
