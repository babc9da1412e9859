package keyrelease_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	tink "github.com/tink-crypto/tink-go/v2/aead/subtle"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

// wrapKey is made once: the size does not matter to these tests.
var wrapKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newSecret(t testing.TB, fill byte, n int) *secret.Bytes {
	t.Helper()
	s, err := secret.New(bytes.Repeat([]byte{fill}, n))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Destroy)
	return s
}

func holds(t *testing.T, s *secret.Bytes, fill byte, n int) {
	t.Helper()
	if err := s.Use(func(b []byte) error {
		if !bytes.Equal(b, bytes.Repeat([]byte{fill}, n)) {
			t.Error("another key came out")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

func TestWrapUnwrap(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	for name, make := range map[string]func() (keyrelease.WrapKey, error){
		"hpke":    keyrelease.NewHPKE,
		"rsa-aes": func() (keyrelease.WrapKey, error) { return wrapKey(), nil },
	} {
		t.Run(name, func(t *testing.T) { wraps(t, make, key) })
	}
	hpke, err := keyrelease.NewHPKE()
	if err != nil {
		t.Fatal(err)
	}
	w, err := keyrelease.Wrap(hpke.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyrelease.Unwrap(wrapKey(), w); fault.KindOf(err) != fault.Tampered {
		t.Errorf("what was wrapped by HPKE unwraps by RSA: %v", err)
	}
	other, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, pub := range map[string]crypto.PublicKey{"nobody": nil, "another curve": other.PublicKey(), "a signer": ed25519.PublicKey{}} {
		if _, err := keyrelease.Wrap(pub, key); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Wrap to %s = %v, want Invalid", name, err)
		}
	}
	if _, err := keyrelease.Unwrap(nil, w); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Unwrap by nobody = %v", err)
	}
}

func wraps(t *testing.T, make func() (keyrelease.WrapKey, error), key []byte) {
	mine, err := make()
	if err != nil {
		t.Fatal(err)
	}
	w, err := keyrelease.Wrap(mine.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	s, err := keyrelease.Unwrap(mine, w)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	holds(t, s, 7, 32)
	for i := range w {
		w[i] ^= 0x10
		if _, err := keyrelease.Unwrap(mine, w); fault.KindOf(err) != fault.Tampered {
			t.Fatalf("byte %d flipped: Unwrap = %v, want Tampered", i, err)
		}
		w[i] ^= 0x10
	}
	for n := range w {
		if _, err := keyrelease.Unwrap(mine, w[:n]); fault.KindOf(err) != fault.Tampered {
			t.Errorf("cut to %d: Unwrap = %v, want Tampered", n, err)
		}
	}
	for name, n := range map[string]int{"15 bytes": 15, "8193 bytes": 8193, "nothing": 0} {
		if _, err := keyrelease.Wrap(mine.Public(), bytes.Repeat([]byte{1}, n)); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Wrap of %s = %v, want Invalid", name, err)
		}
	}
	another, err := keyrelease.NewHPKE()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keyrelease.Unwrap(another, w); fault.KindOf(err) != fault.Tampered {
		t.Errorf("another's Unwrap = %v, want Tampered", err)
	}
}

// OpenSSL takes the wrap apart by its own code: OAEP with SHA-256, then KWP.
func TestOpenSSLUnwraps(t *testing.T) {
	openssl := needs.Program(t, "openssl")
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	run := func(args ...string) []byte {
		c := exec.CommandContext(t.Context(), openssl, args...)
		c.Stderr = os.Stderr
		out, err := c.Output()
		if err != nil {
			t.Fatalf("openssl %v: %v", args, err)
		}
		return out
	}
	der, err := x509.MarshalPKCS8PrivateKey(wrapKey())
	if err != nil {
		t.Fatal(err)
	}
	w, err := keyrelease.Wrap(&wrapKey().PublicKey, bytes.Repeat([]byte{9}, 32))
	if err != nil {
		t.Fatal(err)
	}
	inner := run("pkeyutl", "-decrypt", "-inkey", write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"-in", write("outer", w[:wrapKey().Size()]),
		"-pkeyopt", "rsa_padding_mode:oaep", "-pkeyopt", "rsa_oaep_md:sha256", "-pkeyopt", "rsa_mgf1_md:sha256")
	got := run("enc", "-d", "-id-aes256-wrap-pad", "-K", hex(inner), "-iv", "A65959A6", "-in", write("inner", w[wrapKey().Size():]))
	if !bytes.Equal(got, bytes.Repeat([]byte{9}, 32)) {
		t.Errorf("openssl unwraps %x", got)
	}
}

func hex(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, c := range b {
		s.WriteByte(digits[c>>4])
		s.WriteByte(digits[c&15])
	}
	return s.String()
}

func TestDEK(t *testing.T) {
	kek, dek := newSecret(t, 1, 32), newSecret(t, 2, 32)
	ctx := keyrelease.DEKContext("north", 1)
	w, err := keyrelease.WrapDEK(kek, dek, ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keyrelease.UnwrapDEK(kek, w, ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Destroy()
	holds(t, got, 2, 32)
	for name, tc := range map[string]struct {
		kek  *secret.Bytes
		w    []byte
		aad  []byte
		kind fault.Kind
	}{
		"another KEK is refused":           {newSecret(t, 3, 32), w, ctx, fault.Tampered},
		"another dataset is refused":       {kek, w, keyrelease.DEKContext("south", 1), fault.Tampered},
		"another version is refused":       {kek, w, keyrelease.DEKContext("north", 2), fault.Tampered},
		"a cut wrap is refused":            {kek, w[:len(w)-1], ctx, fault.Tampered},
		"a longer wrap is refused":         {kek, append(bytes.Clone(w), 0), ctx, fault.Tampered},
		"no wrap is refused":               {kek, nil, ctx, fault.Tampered},
		"no context is refused":            {kek, w, nil, fault.Invalid},
		"a KEK of another size is refused": {newSecret(t, 1, 16), w, ctx, fault.Invalid},
		"no KEK is refused":                {nil, w, ctx, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := keyrelease.UnwrapDEK(tc.kek, tc.w, tc.aad); fault.KindOf(err) != tc.kind {
				t.Errorf("UnwrapDEK = %v, want %v", err, tc.kind)
			}
		})
	}
	for i := range w {
		bad := bytes.Clone(w)
		bad[i] ^= 1
		if _, err := keyrelease.UnwrapDEK(kek, bad, ctx); fault.KindOf(err) != fault.Tampered {
			t.Fatalf("byte %d flipped: %v", i, err)
		}
	}
	if _, err := keyrelease.WrapDEK(kek, newSecret(t, 2, 16), ctx); fault.KindOf(err) != fault.Invalid {
		t.Errorf("WrapDEK of 16 bytes = %v", err)
	}
	if _, err := keyrelease.WrapDEK(kek, dek, nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("WrapDEK without context = %v", err)
	}
}

func TestDEKContextIsUnambiguous(t *testing.T) {
	a, b := keyrelease.DEKContext("a", 1), keyrelease.DEKContext("a\x00\x00\x00\x00\x00\x00\x00\x01", 1)
	if bytes.HasPrefix(b, a) || bytes.Equal(a, b) {
		t.Error("one context is the start of another")
	}
}

func TestTinkReadsAndWritesWrappedDEKs(t *testing.T) {
	kek, ctx := newSecret(t, 1, 32), keyrelease.DEKContext("north", 3)
	oracle, err := tink.NewAESGCM(bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	w, err := keyrelease.WrapDEK(kek, newSecret(t, 2, 32), ctx)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := oracle.Decrypt(w, ctx); err != nil || !bytes.Equal(got, bytes.Repeat([]byte{2}, 32)) {
		t.Errorf("Tink unwraps %x, %v", got, err)
	}
	theirs, err := oracle.Encrypt(bytes.Repeat([]byte{4}, 32), ctx)
	if err != nil {
		t.Fatal(err)
	}
	got, err := keyrelease.UnwrapDEK(kek, theirs, ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Destroy()
	holds(t, got, 4, 32)
}

// service answers by a key of its own; edit spoils what it is about to sign.
type service struct {
	key   ed25519.PrivateKey
	kek   []byte
	edit  func(a *keyrelease.Answer)
	spoil func(answer, signature []byte) ([]byte, []byte)
	err   error
}

func (s *service) Release(_ context.Context, key string, _, _, nonce []byte) ([]byte, []byte, error) {
	if s.err != nil {
		return nil, nil, s.err
	}
	w, err := keyrelease.Wrap(&wrapKey().PublicKey, s.kek)
	if err != nil {
		return nil, nil, err
	}
	a := keyrelease.Answer{Nonce: nonce, Key: key, Wrapped: w, Platform: "simulated"}
	if s.edit != nil {
		s.edit(&a)
	}
	b, sig, err := a.Sign(s.key)
	if s.spoil != nil {
		b, sig = s.spoil(b, sig)
	}
	return b, sig, err
}

func TestFetch(t *testing.T) {
	pub, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, thief, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	good, end := permit.Issue("key.release", "north")
	defer end()
	other, end2 := permit.Issue("key.release", "south")
	defer end2()
	ended, end3 := permit.Issue("key.release", "north")
	end3()
	for name, tc := range map[string]struct {
		permit  *permit.Permit
		svc     service
		edit    func(r *keyrelease.Request)
		wantErr string
		kind    fault.Kind
	}{
		"a signed answer to this question":   {},
		"no permit is refused":               {permit: &permit.Permit{}, wantErr: "no permit", kind: fault.Denied},
		"another source's permit is refused": {permit: &other, wantErr: "permit is for", kind: fault.Denied},
		"a permit that ended is refused":     {permit: &ended, wantErr: "has ended", kind: fault.Denied},
		"the service's denial keeps its kind": {svc: service{err: fault.New(fault.Denied, "broker", "host data: x, want y")},
			wantErr: "key kek-1: broker: host data: x, want y", kind: fault.Denied},
		"the service's silence keeps its kind": {svc: service{err: context.DeadlineExceeded}, wantErr: "key kek-1", kind: fault.Unavailable},
		"another signer is refused":            {svc: service{key: thief}, wantErr: "not signed by", kind: fault.Tampered},
		"no signature is refused":              {svc: service{spoil: func(a, _ []byte) ([]byte, []byte) { return a, nil }}, wantErr: "not signed by", kind: fault.Tampered},
		"a changed answer is refused":          {svc: service{spoil: func(a, s []byte) ([]byte, []byte) { a[20] ^= 1; return a, s }}, wantErr: "not signed by", kind: fault.Tampered},
		"an answer without end is refused":     {svc: service{spoil: func(_, s []byte) ([]byte, []byte) { return make([]byte, 1<<20), s }}, wantErr: "more than", kind: fault.Tampered},
		"a signature of something else": {svc: service{key: priv, spoil: func(a, _ []byte) ([]byte, []byte) { return a, ed25519.Sign(priv, a) }},
			wantErr: "not signed by", kind: fault.Tampered},
		"an old answer is refused":       {svc: service{edit: func(a *keyrelease.Answer) { a.Nonce = make([]byte, 32) }}, wantErr: "another question", kind: fault.Tampered},
		"no nonce is refused":            {svc: service{edit: func(a *keyrelease.Answer) { a.Nonce = nil }}, wantErr: "another question", kind: fault.Tampered},
		"another key's answer":           {svc: service{edit: func(a *keyrelease.Answer) { a.Key = "kek-2" }}, wantErr: `is for key "kek-2"`, kind: fault.Tampered},
		"another platform is refused":    {svc: service{edit: func(a *keyrelease.Answer) { a.Platform = "snp" }}, wantErr: "platform", kind: fault.Unattested},
		"a changed wrap is refused":      {svc: service{edit: func(a *keyrelease.Answer) { a.Wrapped[270] ^= 1 }}, wantErr: "integrity", kind: fault.Tampered},
		"a wrap to another key":          {svc: service{edit: func(a *keyrelease.Answer) { clear(a.Wrapped[:256]) }}, wantErr: "OAEP", kind: fault.Tampered},
		"a key of another size":          {svc: service{kek: make([]byte, 16)}, wantErr: "16 bytes, want 32", kind: fault.Invalid},
		"an answer that is no JSON":      {svc: service{spoil: func([]byte, []byte) ([]byte, []byte) { return signed(priv, "{}x") }}, wantErr: "canonical", kind: fault.Tampered},
		"a request without answer key":   {edit: func(r *keyrelease.Request) { r.AnswerKey = nil }, wantErr: "without answer key", kind: fault.Invalid},
		"a request without evidence":     {edit: func(r *keyrelease.Request) { r.Evidence = nil }, wantErr: "without evidence", kind: fault.Invalid},
		"a request without runtime data": {edit: func(r *keyrelease.Request) { r.RuntimeData = nil }, wantErr: "without runtime data", kind: fault.Invalid},
		"a request without wrapping key": {edit: func(r *keyrelease.Request) { r.WrapKey = nil }, wantErr: "without wrapping key", kind: fault.Invalid},
		"a request without platform":     {edit: func(r *keyrelease.Request) { r.Platform = "" }, wantErr: "without platform", kind: fault.Invalid},
		"a request without key":          {edit: func(r *keyrelease.Request) { r.Key = "" }, wantErr: "without key", kind: fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			if tc.permit != nil {
				p = *tc.permit
			}
			if tc.svc.key == nil {
				tc.svc.key = priv
			}
			if tc.svc.kek == nil {
				tc.svc.kek = bytes.Repeat([]byte{5}, 32)
			}
			req := keyrelease.Request{Source: "north", Key: "kek-1", AnswerKey: pub, Evidence: []byte("e"),
				RuntimeData: []byte("r"), WrapKey: wrapKey(), Platform: "simulated"}
			if tc.edit != nil {
				tc.edit(&req)
			}
			s, err := keyrelease.Fetch(t.Context(), p, &tc.svc, req)
			if tc.wantErr == "" {
				if err != nil {
					t.Fatalf("Fetch = %v", err)
				}
				defer s.Destroy()
				holds(t, s, 5, 32)
				return
			}
			if s != nil || err == nil || !strings.Contains(err.Error(), tc.wantErr) || fault.KindOf(err) != tc.kind {
				t.Errorf("Fetch = %v, %v (%v), want %q (%v)", s, err, fault.KindOf(err), tc.wantErr, tc.kind)
			}
		})
	}
}

func signed(key ed25519.PrivateKey, answer string) ([]byte, []byte) {
	return []byte(answer), ed25519.Sign(key, []byte("cleanroom/v1 key release\x00"+answer))
}

func FuzzUnwrap(f *testing.F) {
	hpke, err := keyrelease.NewHPKE()
	if err != nil {
		f.Fatal(err)
	}
	keys := []keyrelease.WrapKey{wrapKey(), hpke}
	for _, k := range keys {
		w, err := keyrelease.Wrap(k.Public(), make([]byte, 32))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(w)
		f.Add(w[:len(w)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, k := range keys {
			s, err := keyrelease.Unwrap(k, b)
			if err == nil {
				s.Destroy()
			} else if fault.KindOf(err) != fault.Tampered {
				t.Errorf("Unwrap = %v", err)
			}
		}
	})
}
