package broken

import (
	"context"
	"io"
	"runtime"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// slow lets others run between two reads.
type slow struct{ r io.Reader }

func (s slow) Read(p []byte) (int, error) {
	runtime.Gosched()
	return s.r.Read(p[:min(len(p), 512)])
}

// Backend is what stands behind a governance plugin under test.
type Backend struct{ Granted, Confirms, Down bool }

// Asker asks it, right or wrong.
type Asker struct {
	Backend     *Backend
	AlwaysGrant bool // wrong: believes in itself
	AnyRecord   bool // wrong: takes any answer for a confirmation
	DownIsNo    bool // wrong: a backend that is gone is a refusal
	Unsigned    bool // wrong: an answer without a signature
}

// Askers are the wrong governance plugins by the test that must fail.
func Askers() map[string]*Asker {
	return map[string]*Asker{
		"governance: consent is what the backend says":                      {AlwaysGrant: true},
		"governance: a record is confirmed only where the backend confirms": {AnyRecord: true},
		"governance: z a backend that is gone is Unavailable":               {DownIsNo: true},
	}
}

// Consent says what the backend says.
func (a *Asker) Consent(context.Context, *sdk.ConsentRequest) (*sdk.ConsentResponse, error) {
	switch {
	case a.Backend.Down && a.DownIsNo:
		return &sdk.ConsentResponse{Decision: sdk.Refused}, nil
	case a.Backend.Down:
		return nil, sdk.Errorf(sdk.Unavailable, "consent", "no answer")
	case a.Unsigned:
		return &sdk.ConsentResponse{Decision: sdk.Granted, Answer: []byte("{}")}, nil
	case a.Backend.Granted || a.AlwaysGrant:
		return &sdk.ConsentResponse{Decision: sdk.Granted}, nil
	}
	return &sdk.ConsentResponse{Decision: sdk.Refused}, nil
}

// Record has it kept.
func (a *Asker) Record(context.Context, *sdk.RecordRequest) (*sdk.RecordResponse, error) {
	switch {
	case a.Backend.Down && !a.DownIsNo:
		return nil, sdk.Errorf(sdk.Unavailable, "record", "no answer")
	case a.Backend.Confirms || a.AnyRecord:
		return &sdk.RecordResponse{}, nil
	}
	return nil, sdk.Errorf(sdk.Denied, "record", "not confirmed")
}

// Keys is a key service plugin, right or wrong.
type Keys struct {
	Down        bool
	NoEvidence  bool // wrong: asks for none
	AnyKey      bool // wrong: knows every key
	Unsigned    bool // wrong: does not sign
	DownIsNoKey bool // wrong: a service that is gone has no such key
}

// Releasers are the wrong key services by the test that must fail.
func Releasers() map[string]*Keys {
	return map[string]*Keys{
		"keyservice: without evidence nothing is released":    {NoEvidence: true},
		"keyservice: an unknown key is not released":          {AnyKey: true},
		"keyservice: a release is answered and signed":        {Unsigned: true},
		"keyservice: z a service that is gone is Unavailable": {DownIsNoKey: true},
	}
}

// Release releases the key "kek".
func (k *Keys) Release(_ context.Context, key string, evidence, _, _ []byte) (answer, signature []byte, err error) {
	switch {
	case k.Down && k.DownIsNoKey:
		return nil, nil, sdk.Errorf(sdk.NotFound, "release", "%s", key)
	case k.Down:
		return nil, nil, sdk.Errorf(sdk.Unavailable, "release", "no answer")
	case len(evidence) == 0 && !k.NoEvidence:
		return nil, nil, sdk.Errorf(sdk.Unattested, "release", "no evidence")
	case key != "kek" && !k.AnyKey:
		return nil, nil, sdk.Errorf(sdk.NotFound, "release", "%s", key)
	case k.Unsigned:
		return []byte("{}"), nil, nil
	}
	return []byte("{}"), []byte("signature"), nil
}

// Launcher is a runtime plugin that launches nothing, right or wrong.
type Launcher struct {
	StartsAnything, WaitsForNothing, AnyImage, StopFails bool
}

// Launchers are the wrong runtimes by the test that must fail.
func Launchers() map[string]*Launcher {
	return map[string]*Launcher{
		"runtime: nothing starts that was not prepared":       {StartsAnything: true},
		"runtime: nothing is waited for that was not started": {WaitsForNothing: true},
		"runtime: an image is named by its digest":            {AnyImage: true},
		"runtime: stopping nothing is no error":               {StopFails: true},
	}
}

func refuse(wrong bool, what string) error {
	if wrong {
		return nil
	}
	return sdk.Errorf(sdk.Invalid, "runtime", "%s", what)
}

// Prepare refuses every image.
func (l *Launcher) Prepare(context.Context, *sdk.PrepareRequest) (*sdk.PrepareResponse, error) {
	return &sdk.PrepareResponse{}, refuse(l.AnyImage, "no such digest")
}

// Start refuses: nothing is prepared.
func (l *Launcher) Start(context.Context, *sdk.StartRequest) (*sdk.StartResponse, error) {
	return &sdk.StartResponse{}, refuse(l.StartsAnything, "nothing is prepared")
}

// Wait refuses: nothing runs.
func (l *Launcher) Wait(context.Context, *sdk.WaitRequest) (*sdk.WaitResponse, error) {
	return &sdk.WaitResponse{}, refuse(l.WaitsForNothing, "nothing runs")
}

// Stop does nothing.
func (l *Launcher) Stop(context.Context, *sdk.StopRequest) (*sdk.StopResponse, error) {
	return &sdk.StopResponse{}, refuse(!l.StopFails, "nothing runs")
}

var _ plugintest.Launcher = (*Launcher)(nil)
