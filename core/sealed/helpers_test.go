package sealed_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
)

// store is a sealed file in memory that counts what is asked of it.
type store []byte

func (s store) ReadRange(_ context.Context, off int64, p []byte) error {
	if off < 0 || off+int64(len(p)) > int64(len(s)) {
		return fmt.Errorf("range %d+%d of %d", off, len(p), len(s))
	}
	copy(p, s[off:])
	return nil
}

var rawKey = bytes.Repeat([]byte{7}, sealed.KeySize)

func key(t testing.TB, b ...byte) *secret.Bytes {
	t.Helper()
	if b == nil {
		b = rawKey
	}
	k, err := secret.New(bytes.Clone(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Destroy)
	return k
}

func tink(t testing.TB) *subtle.AESGCMHKDF {
	t.Helper()
	a, err := subtle.NewAESGCMHKDF(rawKey, "SHA256", 32, sealed.SegmentSize, 0)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// data is n bytes that differ from segment to segment.
func data(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(b)
	return b
}

func seal(t testing.TB, k *secret.Bytes, context string, plain []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := sealed.NewWriter(&out, k, []byte(context))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(w, bytes.NewReader(plain)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sizes lie around every border of the format.
var sizes = []int{0, 1, 65_479, 65_480, 65_481, 130_999, 131_000, 131_001, 1_113_799, 1_113_800, 1_113_801, 3_000_000}

// sealManifest writes a manifest of the entries.
func sealManifest(t testing.TB, dataset string, version uint64, list []sealed.Entry, pad bool) ([]byte, digest.SHA256) {
	t.Helper()
	b, d, err := trySealManifest(dataset, version, list, pad, key(t))
	if err != nil {
		t.Fatal(err)
	}
	return b, d
}

func trySealManifest(dataset string, version uint64, list []sealed.Entry, pad bool, k *secret.Bytes) ([]byte, digest.SHA256, error) {
	var out bytes.Buffer
	l, err := sealed.NewManifestWriter(&out, sealed.ManifestInfo{Dataset: dataset, Version: version, Entries: int64(len(list))}, k, signKey(1))
	if err != nil {
		return nil, digest.SHA256{}, err
	}
	d, err := addAll(l, list, pad)
	return out.Bytes(), d, err
}

func addAll(l *sealed.ListWriter, list []sealed.Entry, pad bool) (digest.SHA256, error) {
	l.Pad = pad
	for i := range list {
		if err := l.Add(&list[i]); err != nil {
			return digest.SHA256{}, err
		}
	}
	return l.Close()
}

func sealOutput(t testing.TB, i sealed.OutputInfo, list []sealed.Entry, recipients ...[]byte) ([]byte, digest.SHA256) {
	t.Helper()
	var out bytes.Buffer
	l, err := sealed.NewOutputWriter(&out, i, int64(len(list)), key(t), recipients, signKey(1))
	if err != nil {
		t.Fatal(err)
	}
	d, err := addAll(l, list, false)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), d
}

// northPin is what the tests' manifests are compared with.
func northPin(d digest.SHA256) sealed.Pin {
	return sealed.Pin{Dataset: "north", Version: 3, Digest: d, Signer: public(signKey(1))}
}

func openManifest(t testing.TB, object []byte, pin sealed.Pin) (*sealed.Manifest, error) {
	t.Helper()
	return sealed.OpenManifest(context.Background(), sealed.Memory(object), int64(len(object)), key(t), pin)
}

// listed returns all entries, asked for one by one.
func listed(t testing.TB, e *sealed.Entries) []sealed.Entry {
	t.Helper()
	var out []sealed.Entry
	for i := range e.Len() {
		entry, err := e.At(context.Background(), i)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry)
	}
	return out
}

// reseal seals other plaintext under a header that is in use, as no honest writer can.
func reseal(t testing.TB, header []byte, context string, plain []byte) []byte {
	t.Helper()
	fileKey, err := hkdf.Key(sha256.New, rawKey, header[1:33], context, 32)
	if err != nil {
		t.Fatal(err)
	}
	block, err := aes.NewCipher(fileKey)
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	out := bytes.Clone(header)
	segments := sealed.Segments(int64(len(plain)))
	for i := range segments {
		nonce := binary.BigEndian.AppendUint32(bytes.Clone(header[33:]), uint32(i))
		last := byte(0)
		if i == segments-1 {
			last = 1
		}
		end := min(sealed.PlainStart(i+1), int64(len(plain)))
		out = aead.Seal(out, append(nonce, last), plain[sealed.PlainStart(i):end], nil)
	}
	return out
}
