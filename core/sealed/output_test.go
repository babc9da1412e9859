package sealed_test

import (
	"bytes"
	"context"
	"fmt"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

func sealKey(t testing.TB) (*secret.Bytes, []byte) {
	t.Helper()
	private, pub, err := sealed.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(private.Destroy)
	return private, pub
}

func output() (sealed.OutputInfo, []sealed.Entry) {
	return sealed.OutputInfo{Contract: digest.Of([]byte("c")), Operation: "output.release", Room: "room-1", Sink: "results"},
		entries("model.json", "report.txt")
}

func openOutput(object []byte, private *secret.Bytes, pin sealed.OutputPin) (*sealed.Output, *secret.Bytes, error) {
	return sealed.OpenOutputManifest(context.Background(), sealed.Memory(object), int64(len(object)), private, pin)
}

func TestEachRecipientOpensTheOutput(t *testing.T) {
	a, aPub := sealKey(t)
	b, bPub := sealKey(t)
	info, list := output()
	object, d := sealOutput(t, info, list, aPub, bPub)
	for _, private := range []*secret.Bytes{a, b} {
		got, dek, err := openOutput(object, private, sealed.OutputPin{Contract: info.Contract, Digest: d, Signer: public(signKey(1))})
		if err != nil {
			t.Fatal(err)
		}
		if all := listed(t, got.Entries); got.OutputInfo != info || fmt.Sprint(all) != fmt.Sprint(list) {
			t.Errorf("got %v of %v, want %v", all, got.OutputInfo, list)
		}
		if err := dek.Use(func(k []byte) error {
			if !bytes.Equal(k, rawKey) {
				t.Error("another key came back")
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
	if bytes.Contains(object, []byte("model")) {
		t.Error("a path is readable in the output manifest")
	}
}

func TestOutputRefusals(t *testing.T) {
	mine, pub := sealKey(t)
	other, _ := sealKey(t)
	o, list := output()
	object, d := sealOutput(t, o, list, pub)
	replaced := bytes.Replace(object, []byte("room-1"), []byte("room-2"), 1)
	noLine := bytes.ReplaceAll(object, []byte("\n"), nil)
	for name, tc := range map[string]struct {
		object   []byte
		private  *secret.Bytes
		signer   byte
		want     digest.SHA256
		contract digest.SHA256
		kind     fault.Kind
	}{
		"someone else's key":        {object, other, 1, d, o.Contract, fault.Denied},
		"another room's signature":  {object, mine, 2, d, o.Contract, fault.Tampered},
		"another contract":          {object, mine, 1, d, digest.Of(nil), fault.Tampered},
		"no contract":               {object, mine, 1, d, digest.SHA256{}, fault.Tampered},
		"no digest":                 {object, mine, 1, digest.SHA256{}, o.Contract, fault.Invalid},
		"another digest":            {object, mine, 1, digest.Of(nil), o.Contract, fault.Tampered},
		"another room's name in it": {replaced, mine, 1, digest.Of(replaced), o.Contract, fault.Tampered},
		"no first line":             {noLine, mine, 1, digest.Of(noLine), o.Contract, fault.Tampered},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			_, _, err := openOutput(tc.object, tc.private, sealed.OutputPin{Contract: tc.contract, Digest: tc.want, Signer: public(signKey(tc.signer))})
			if err == nil || fault.KindOf(err) != tc.kind {
				t.Errorf("got %v (%v), want %v", err, fault.KindOf(err), tc.kind)
			}
		})
	}
}

func TestEnvelopeRules(t *testing.T) {
	private, pub := sealKey(t)
	for name, list := range map[string][][]byte{
		"nobody":                nil,
		"a key twice":           {pub, pub},
		"a short key":           {pub[:31]},
		"a point of low order":  {make([]byte, 32)},
		"more than 64 of them":  make([][]byte, 65),
		"a key, and then a gap": {pub, nil},
	} {
		t.Run(name+" is no recipient", func(t *testing.T) {
			if _, err := sealed.Envelope(key(t), list, nil); err == nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("Envelope = %v, want Invalid", err)
			}
		})
	}
	env, err := sealed.Envelope(key(t), [][]byte{pub}, []byte("info"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.OpenEnvelope(env, private, []byte("other")); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("other info: %v, want Tampered", err)
	}
	if _, err := sealed.OpenEnvelope(env[1:], private, []byte("info")); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("a byte less: %v, want Tampered", err)
	}
}
