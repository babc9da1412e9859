package sealed_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/tink-crypto/tink-go/v2/streamingaead/subtle"

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
