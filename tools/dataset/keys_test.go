package dataset_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

func TestKeysComeBack(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := dataset.NewKEK(at("kek"), "simulated"); err != nil {
		t.Fatal(err)
	}
	kek, platform, err := dataset.ReadKEK(at("kek"))
	if err != nil || platform != "simulated" || kek.Len() != 32 {
		t.Errorf("ReadKEK = %d bytes, %q, %v", kek.Len(), platform, err)
	}
	kek.Destroy()
	pub, err := dataset.NewSignKey(at("sign"))
	if err != nil {
		t.Fatal(err)
	}
	sign, err := dataset.ReadSignKey(at("sign"))
	if err != nil || !pub.Equal(sign.Public()) {
		t.Errorf("ReadSignKey: %v", err)
	}
	sealPub, err := dataset.NewSealKey(at("seal"))
	if err != nil {
		t.Fatal(err)
	}
	private, back, err := dataset.ReadSealKey(at("seal"))
	if err != nil || !bytes.Equal(back, sealPub) || private.Len() != 32 {
		t.Errorf("ReadSealKey: %v", err)
	}
	private.Destroy()
	for _, name := range []string{"kek", "sign", "seal"} {
		if st, err := os.Stat(at(name)); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st.Mode(), err)
		}
		if err := dataset.NewKEK(at(name), "snp"); err == nil {
			t.Errorf("%s was written over", name)
		}
	}
	for kind, read := range map[string]func() error{
		"a seal key as KEK":      func() error { _, _, err := dataset.ReadKEK(at("seal")); return err },
		"a KEK as sign key":      func() error { _, err := dataset.ReadSignKey(at("kek")); return err },
		"a sign key as seal key": func() error { _, _, err := dataset.ReadSealKey(at("sign")); return err },
	} {
		if err := read(); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: %v, want Invalid", kind, err)
		}
	}
}

func TestKeyFileRefusals(t *testing.T) {
	const secret = "AQIDBAUGBwgBAgMEBQYHCAECAwQFBgcIAQIDBAUGBwg="
	good := `{"platform":"snp","secret":"` + secret + `","type":"cleanroom/kek/v1"}`
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
		want fault.Kind
	}{
		"a file that others may read": {good, 0o640, fault.Denied},
		"an unknown field":            {strings.Replace(good, `{`, `{"a":1,`, 1), 0o600, fault.Invalid},
		"a key that is too short":     {strings.Replace(good, secret, "AQID", 1), 0o600, fault.Invalid},
		"another platform":            {strings.Replace(good, "snp", "tdx", 1), 0o600, fault.Invalid},
		"bytes after it":              {good + " ", 0o600, fault.Invalid},
		"nothing":                     {"", 0o600, fault.Invalid},
		"a large file":                {strings.Repeat("x", 5000), 0o600, fault.Invalid},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "k")
			if err := os.WriteFile(path, []byte(tc.text), tc.mode); err != nil {
				t.Fatal(err)
			}
			_, _, err := dataset.ReadKEK(path)
			if err == nil || fault.KindOf(err) != tc.want {
				t.Errorf("ReadKEK = %v (%v), want %v", err, fault.KindOf(err), tc.want)
			}
			if err != nil && strings.Contains(err.Error(), secret[:6]) {
				t.Error("the error shows the key")
			}
		})
	}
	if _, _, err := dataset.ReadKEK("/no/such/file"); fault.KindOf(err) != fault.NotFound || err == nil {
		t.Errorf("no file: %v, want NotFound", err)
	}
	if err := dataset.NewKEK(filepath.Join(t.TempDir(), "k"), ""); err == nil {
		t.Error("a KEK for no platform was made")
	}
}

func FuzzDescription(f *testing.F) {
	f.Add([]byte(`{"dataset":"north","manifest":"m","type":"cleanroom/dataset/v1","version":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := dataset.ParseDescription(b)
		if err != nil {
			return
		}
		again, err := d.Bytes()
		if err != nil || !bytes.Equal(bytes.TrimSuffix(again, []byte("\n")), bytes.TrimSuffix(b, []byte("\n"))) {
			t.Errorf("%q was read, and written as %q, %v", b, again, err)
		}
	})
}
