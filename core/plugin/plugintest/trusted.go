package plugintest

import (
	"context"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
)

// Asker is a governance backend as the tests use it: an author's, or *plugin.Governance.
type Asker interface {
	Consent(ctx context.Context, r *sdk.ConsentRequest) (*sdk.ConsentResponse, error)
	Record(ctx context.Context, r *sdk.RecordRequest) (*sdk.RecordResponse, error)
}

// GovernanceFixture is a governance plugin under test and a hand on what stands behind it.
// A nil function leaves out the tests that need it.
type GovernanceFixture struct {
	Asker   Asker
	Consent func(t T, granted bool) // have the backend say yes, or no, from now on
	Confirm func(t T, ok bool)      // have it confirm records, or answer something else
	Down    func(t T)               // have it not answer any more; run last
	Request *sdk.ConsentRequest     // a whole one
	Event   *sdk.RecordRequest      // a whole one
}

// Governance is the kit for governance plugins.
func Governance(f GovernanceFixture) Kit {
	k := Kit{}
	if f.Consent != nil {
		k["governance: consent is what the backend says"] = func(t T) {
			for _, yes := range []bool{true, false, true} {
				f.Consent(t, yes)
				r, err := f.Asker.Consent(t.Context(), f.Request)
				granted := err == nil && r.GetDecision() == sdk.Granted
				if granted != yes {
					t.Errorf("backend says %t; Consent = %v, %v", yes, r, err)
				}
				if err != nil && sdk.KindOf(err) != sdk.Denied {
					t.Errorf("Consent = %v (%v), want an answer, or Denied", err, sdk.KindOf(err))
				}
				if len(r.GetAnswer()) > 0 != (len(r.GetSignature()) > 0) {
					t.Errorf("Consent gives an answer without a signature, or a signature of nothing")
				}
			}
		}
	}
	if f.Confirm != nil {
		k["governance: a record is confirmed only where the backend confirms"] = func(t T) {
			f.Confirm(t, true)
			if _, err := f.Asker.Record(t.Context(), f.Event); err != nil {
				t.Errorf("Record = %v, want nil", err)
			}
			f.Confirm(t, false)
			_, err := f.Asker.Record(t.Context(), f.Event)
			wantKind(t, "Record that is not confirmed", err, sdk.Denied, sdk.Unavailable)
			f.Confirm(t, true)
		}
	}
	if f.Down != nil {
		k["governance: z a backend that is gone is Unavailable"] = func(t T) {
			f.Down(t)
			r, err := f.Asker.Consent(t.Context(), f.Request)
			wantKind(t, "Consent of a backend that is gone", err, sdk.Unavailable)
			if r.GetDecision() == sdk.Granted {
				t.Errorf("a backend that is gone grants")
			}
			_, err = f.Asker.Record(t.Context(), f.Event)
			wantKind(t, "Record at a backend that is gone", err, sdk.Unavailable)
		}
	}
	return k
}

// Releaser is a key service as the tests use it.
type Releaser interface {
	Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error)
}

// DirectKeys makes a Releaser of an author's key service.
func DirectKeys(k sdk.KeyService) Releaser { return directKeys{k} }

type directKeys struct{ sdk.KeyService }

func (d directKeys) Release(ctx context.Context, key string, evidence, runtimeData, nonce []byte) (answer, signature []byte, err error) {
	r, err := d.KeyService.Release(ctx, &sdk.ReleaseRequest{Key: key, Evidence: evidence, RuntimeData: runtimeData, Nonce: nonce})
	return r.GetAnswer(), r.GetSignature(), err
}

// KeyServiceFixture is a key service plugin under test.
type KeyServiceFixture struct {
	Releaser Releaser
	Request  *sdk.ReleaseRequest // one that is granted; nil leaves out what needs it
	Down     func(t T)           // have the service not answer any more; run last
}

// KeyService is the kit for key service plugins.
func KeyService(f KeyServiceFixture) Kit {
	ask := func(t T, q *sdk.ReleaseRequest) (answer, signature []byte, err error) {
		return f.Releaser.Release(t.Context(), q.Key, q.Evidence, q.RuntimeData, q.Nonce)
	}
	k := Kit{
		"keyservice: without evidence nothing is released": func(t T) {
			key := "kek"
			if f.Request != nil {
				key = f.Request.Key
			}
			answer, _, err := ask(t, &sdk.ReleaseRequest{Key: key, Nonce: make([]byte, 32)})
			wantKind(t, "Release without evidence", err, sdk.Unattested, sdk.Denied, sdk.Invalid, sdk.NotFound)
			if len(answer) > 0 {
				t.Errorf("Release without evidence gives an answer")
			}
		},
	}
	if f.Request != nil {
		k["keyservice: a release is answered and signed"] = func(t T) {
			answer, signature, err := ask(t, f.Request)
			if err != nil || len(answer) == 0 || len(signature) == 0 {
				t.Errorf("Release = %d bytes, signature of %d, %v", len(answer), len(signature), err)
			}
		}
		k["keyservice: an unknown key is not released"] = func(t T) {
			q := &sdk.ReleaseRequest{Key: "no-such-key-7d1f", Evidence: f.Request.Evidence, RuntimeData: f.Request.RuntimeData, Nonce: f.Request.Nonce}
			_, _, err := ask(t, q)
			wantKind(t, "Release of an unknown key", err, sdk.NotFound, sdk.Denied)
		}
	}
	if f.Down != nil {
		k["keyservice: z a service that is gone is Unavailable"] = func(t T) {
			f.Down(t)
			q := f.Request
			if q == nil {
				q = &sdk.ReleaseRequest{Key: "kek", Evidence: []byte("{}"), RuntimeData: []byte("{}"), Nonce: make([]byte, 32)}
			}
			_, _, err := ask(t, q)
			wantKind(t, "Release of a service that is gone", err, sdk.Unavailable)
		}
	}
	return k
}

// Launcher is a runtime as the tests use it: an author's, or *plugin.Runtime.
type Launcher interface {
	Prepare(ctx context.Context, r *sdk.PrepareRequest) (*sdk.PrepareResponse, error)
	Start(ctx context.Context, r *sdk.StartRequest) (*sdk.StartResponse, error)
	Wait(ctx context.Context, r *sdk.WaitRequest) (*sdk.WaitResponse, error)
	Stop(ctx context.Context, r *sdk.StopRequest) (*sdk.StopResponse, error)
}

// Runtime is the kit for runtime plugins: what they refuse. It launches nothing; the
// scenarios of a whole room do that.
func Runtime(l Launcher) Kit {
	return Kit{
		"runtime: nothing starts that was not prepared": func(t T) {
			_, err := l.Start(t.Context(), &sdk.StartRequest{Command: []string{"/bin/true"}, User: 65534})
			wantKind(t, "Start before Prepare", err, sdk.Invalid, sdk.Denied)
		},
		"runtime: nothing is waited for that was not started": func(t T) {
			_, err := l.Wait(t.Context(), &sdk.WaitRequest{})
			wantKind(t, "Wait before Start", err, sdk.Invalid, sdk.Denied)
		},
		"runtime: an image is named by its digest": func(t T) {
			for _, digest := range []string{"", "latest", "sha256:", "sha256:AB", "../x"} {
				_, err := l.Prepare(t.Context(), &sdk.PrepareRequest{Layout: "/nonexistent", Digest: digest, StateDir: "/nonexistent"})
				wantKind(t, "Prepare of digest "+digest, err, sdk.Invalid)
			}
		},
		"runtime: stopping nothing is no error": func(t T) {
			if _, err := l.Stop(t.Context(), &sdk.StopRequest{}); err != nil {
				t.Errorf("Stop before Start = %v", err)
			}
		},
	}
}
