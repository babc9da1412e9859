package secret_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/secret"
)

func TestNoWayToPrintIt(t *testing.T) {
	const key = "attack at dawn"
	s, err := secret.New([]byte(key))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Destroy()
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%X", "%q", "%d", "%c"} {
		fmt.Fprintf(&out, verb+"\n", s)
		fmt.Fprintf(&out, verb+"\n", struct{ S *secret.Bytes }{s})
	}
	j, err := json.Marshal(map[string]any{"k": s})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "k", s)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "k", s)
	for _, form := range []string{key, fmt.Sprintf("%x", key), fmt.Sprintf("%d", []byte(key))} {
		if strings.Contains(out.String(), form) {
			t.Errorf("the secret shows as %q in %s", form, out.String())
		}
	}
}

func TestLife(t *testing.T) {
	in := []byte("0123456789abcdef")
	s, err := secret.New(in)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(in, make([]byte, 16)) {
		t.Error("New left the key in the caller's memory")
	}
	if err := s.Use(func(k []byte) error {
		if string(k) != "0123456789abcdef" {
			t.Errorf("Use saw %q", k)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	s.Destroy()
	s.Destroy()
	if err := s.Use(func([]byte) error { return nil }); !errors.Is(err, secret.ErrDestroyed) {
		t.Errorf("Use after Destroy = %v, want ErrDestroyed", err)
	}
}

func TestNothingIsNoSecret(t *testing.T) {
	if _, err := secret.New(nil); err == nil {
		t.Error("New(nil) gave a secret")
	}
	if _, err := secret.Read(strings.NewReader("short"), 32); err == nil {
		t.Error("Read of too few bytes gave a secret")
	}
	var none *secret.Bytes
	if err := none.Use(func([]byte) error { return nil }); !errors.Is(err, secret.ErrDestroyed) {
		t.Errorf("nil.Use = %v, want ErrDestroyed", err)
	}
}
