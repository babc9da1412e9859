package room

import (
	"context"
	"crypto/rsa"
	"log/slog"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// measured is a room's configuration as its command line and device would have it.
func measured(t *testing.T) Config {
	t.Helper()
	s := spectest.Example(t)
	specified, err := spec.Digest(s)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := policytest.Lock().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Document: []byte(spectest.YAML), Specified: specified, Lock: lock, Locked: digest.Of(lock),
		Simulated: s.Platform == v1.PlatformSimulated, Log: slog.New(slog.DiscardHandler),
	}
}

func TestOnlyTheMeasuredDocumentsAreRead(t *testing.T) {
	other := digest.Of([]byte("other"))
	for name, tc := range map[string]struct {
		change  func(*Config)
		want    fault.Kind
		wantErr string
	}{
		"another document": {func(c *Config) { c.Document = []byte(strings.Replace(spectest.YAML, "\nname: ", "\nname: x", 1)) },
			fault.Unattested, "the command line names"},
		"another specification's digest": {func(c *Config) { c.Specified = other }, fault.Unattested, "specification: digest"},
		"another lock's digest":          {func(c *Config) { c.Locked = other }, fault.Unattested, "images.lock: digest"},
		"no specification's digest":      {func(c *Config) { c.Specified = digest.SHA256{} }, fault.Unattested, "specification: digest"},
		"no lock's digest":               {func(c *Config) { c.Locked = digest.SHA256{} }, fault.Unattested, "images.lock: digest"},
		"another platform":               {func(c *Config) { c.Simulated = !c.Simulated }, fault.Unattested, "platform"},
		"a second document":              {func(c *Config) { c.Document = append(c.Document, "\n---\nname: x\n"...) }, fault.Invalid, "document"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			c := measured(t)
			tc.change(&c)
			if err := (&room{Config: c}).readSpec(t.Context()); fault.KindOf(err) != tc.want || err == nil || !strings.Contains(err.Error(), tc.wantErr) {
				t.Errorf("readSpec = %v, want %v with %q", err, tc.want, tc.wantErr)
			}
		})
	}
	if err := (&room{Config: measured(t)}).readSpec(t.Context()); err != nil {
		t.Errorf("readSpec of the measured documents = %v", err)
	}
}

// device reports a policy that it was not launched with, if told so.
type device struct{ policy digest.SHA256 }

func (d device) Attest(ctx context.Context, data [64]byte) (attest.Evidence, error) {
	real, err := sim.NewDevice(d.policy)
	if err != nil {
		return attest.Evidence{}, err
	}
	return real.Attest(ctx, data)
}

func TestAPlatformUnderAnotherPolicyIsNoticed(t *testing.T) {
	r := &room{Config: measured(t), stop: func(error) {}}
	if err := r.readSpec(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.spec.Governance = v1.Governance{} // no plugin is to be started here
	r.Attester, r.State = device{digest.Of([]byte("another policy"))}, t.TempDir()
	if err := r.attest(t.Context()); fault.KindOf(err) != fault.Unattested || !strings.Contains(err.Error(), "host data") {
		t.Errorf("attest = %v, want Unattested for host data", err)
	}
	for _, a := range r.asides {
		_ = a.wait() // there was nothing to start
	}
	if err := r.unwind(0); err != nil {
		t.Error(err)
	}
}

func TestOneKeyServiceThatWantsRSAGetsIt(t *testing.T) {
	hpke, rsaAES := v1.KeyService{Wrap: v1.WrapHPKE}, v1.KeyService{Wrap: v1.WrapRSA}
	for name, tc := range map[string]struct {
		services []v1.KeyService
		rsa      bool
	}{
		"all take HPKE": {[]v1.KeyService{hpke, hpke}, false},
		"one wants RSA": {[]v1.KeyService{hpke, rsaAES}, true},
	} {
		k, err := newWrapKey(tc.services)
		if err != nil {
			t.Fatal(err)
		}
		if _, is := k.(*rsa.PrivateKey); is != tc.rsa {
			t.Errorf("%s: the key is %T", name, k)
		}
	}
}
