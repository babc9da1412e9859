package policy_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	of   = policytest.Of
	lock = policytest.Lock
)

func TestRenderIsTheGoldenText(t *testing.T) {
	p, err := policy.Render(spectest.Example(t), lock())
	if err != nil {
		t.Fatal(err)
	}
	if !p.Hash.Equal(of(p.Text)) {
		t.Errorf("Hash = %s, want that of the text", p.Hash)
	}
	golden := filepath.Join("testdata", "joint-study.rego")
	if *update {
		if err := os.WriteFile(golden, []byte(p.Text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil || p.Text != string(want) {
		t.Errorf("Render differs from %s (%v); look, then run with -update:\n%s", golden, err, p.Text)
	}
}

func TestRenderOfPermutedInputIsTheSame(t *testing.T) {
	want, err := policy.Render(spectest.Example(t), lock())
	if err != nil {
		t.Fatal(err)
	}
	l := lock()
	slices.Reverse(l.Images)
	slices.Reverse(l.Binaries)
	b, _ := spec.Canonical(spectest.Example(t))
	s, err := spec.Decode("canonical", b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := policy.Render(s, l); err != nil || got != want {
		t.Errorf("Render of permuted input = %s, %v, want %s", got.Hash, err, want.Hash)
	}
}

// Whatever the parties rely on moves the hash, or it is not bound.
func TestRenderBinds(t *testing.T) {
	base, err := policy.Render(spectest.Example(t), lock())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*v1.Spec, *policy.Lock){
		"the specification":       func(s *v1.Spec, _ *policy.Lock) { s.Application.User++ },
		"the application's image": func(s *v1.Spec, _ *policy.Lock) { s.Application.Image = of("other") },
		"a plugin's binary":       func(_ *v1.Spec, l *policy.Lock) { l.Binaries[3].SHA256 = of("other") },
		"a layer's verity root":   func(_ *v1.Spec, l *policy.Lock) { l.Images[1].VerityRoots[0] = of("other").Hex() },
		"the order of layers":     func(_ *v1.Spec, l *policy.Lock) { slices.Reverse(l.Images[1].VerityRoots) },
		"an image of the lock":    func(_ *v1.Spec, l *policy.Lock) { l.Images[0].Manifest = of("other") },
		"one more binary": func(_ *v1.Spec, l *policy.Lock) {
			l.Binaries = append(l.Binaries, policy.Binary{Name: "x", SHA256: of("x")})
		},
		"a limit": func(s *v1.Spec, _ *policy.Lock) { s.Limits.BytesOut++ },
	} {
		t.Run(name, func(t *testing.T) {
			s, l := spectest.Example(t), lock()
			change(s, l)
			if got, err := policy.Render(s, l); err != nil || got.Hash.Equal(base.Hash) {
				t.Errorf("Render = %s, %v: the hash did not move", got.Hash, err)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*v1.Spec, *policy.Lock)
		want   fault.Kind
	}{
		"a specification that is not valid": {func(s *v1.Spec, _ *policy.Lock) { s.Application.User = 0 }, fault.Invalid},
		"a lock without the image":          {func(_ *v1.Spec, l *policy.Lock) { l.Images = l.Images[:1] }, fault.NotFound},
		"a plugin that was not built":       {func(s *v1.Spec, _ *policy.Lock) { s.Sources[0].Plugin.Plugin = "source/tape" }, fault.NotFound},
		"a layer without verity root":       {func(_ *v1.Spec, l *policy.Lock) { l.Images[1].VerityRoots[1] = "" }, fault.Invalid},
		"fewer roots than layers":           {func(_ *v1.Spec, l *policy.Lock) { l.Images[1].VerityRoots = l.Images[1].VerityRoots[:1] }, fault.Invalid},
		"two images of one name":            {func(_ *v1.Spec, l *policy.Lock) { l.Images[0].Name = "cleanroomd" }, fault.Invalid},
		"two binaries of one name":          {func(_ *v1.Spec, l *policy.Lock) { l.Binaries[0].Name = l.Binaries[1].Name }, fault.Invalid},
		"a binary without digest":           {func(_ *v1.Spec, l *policy.Lock) { l.Binaries[0].SHA256 = digest.SHA256{} }, fault.Invalid},
		"an empty lock":                     {func(_ *v1.Spec, l *policy.Lock) { *l = policy.Lock{} }, fault.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			s, l := spectest.Example(t), lock()
			tc.change(s, l)
			if p, err := policy.Render(s, l); fault.KindOf(err) != tc.want || err == nil || p.Text != "" {
				t.Errorf("Render = %v, want %v", err, tc.want)
			}
		})
	}
	if _, err := policy.Render(spectest.Example(t), nil); fault.KindOf(err) != fault.Invalid {
		t.Errorf("Render without a lock = %v, want invalid", err)
	}
}

// The text itself: what a host could otherwise change (DESIGN §9).
func TestPolicyIsStrict(t *testing.T) {
	p, err := policy.Render(spectest.Example(t), lock())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`"allow_stdio_access": false`, `"required": true`, `"no_new_privileges": true`,
		"allow_environment_variable_dropping := false", "allow_capability_dropping := false",
		"allow_unencrypted_scratch := false", "allow_properties_access := false",
		"allow_dump_stacks := false", "allow_runtime_logging := false", "fragments := []",
	} {
		if !strings.Contains(p.Text, line) {
			t.Errorf("the policy lacks %s", line)
		}
	}
	for _, weak := range []string{`"required": false`, ":= true", `"capabilities": null`, `"strategy": "re2"`, `"strategy": "any"`, "\r"} {
		if strings.Contains(p.Text, weak) {
			t.Errorf("the policy has %s", weak)
		}
	}
}

func TestLockIsReadStrictly(t *testing.T) {
	good, err := lock().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	l, err := policy.ParseLock(good)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := l.Digest(); err != nil || !d.Equal(digest.Of(good)) {
		t.Errorf("Digest = %v, %v, want that of the file", d, err)
	}
	if d, err := l.Plugin("source/azblob"); err != nil || !d.Equal(of("plugin/source/azblob")) {
		t.Errorf("Plugin = %v, %v", d, err)
	}
	if _, err := l.Plugin("source/tape"); fault.KindOf(err) != fault.NotFound {
		t.Errorf("Plugin of what was not built = %v, want not found", err)
	}
	unsorted := bytes.Replace(good, []byte(`"app"`), []byte(`"zzz"`), 1)
	for name, in := range map[string][]byte{
		"nothing":                  nil,
		"half of it":               good[:len(good)/2],
		"a final newline":          append(slices.Clone(good), '\n'),
		"images that are unsorted": unsorted,
		"an unknown field":         append([]byte(`{"also":1,`), good[1:]...),
		"a lock without images":    []byte(`{"binaries":[],"images":[]}`),
		"null":                     []byte("null"),
	} {
		if _, err := policy.ParseLock(in); fault.KindOf(err) != fault.Invalid {
			t.Errorf("ParseLock of %s = %v, want invalid", name, err)
		}
	}
}

func FuzzParseLock(f *testing.F) {
	good, _ := lock().Marshal()
	f.Add(good)
	f.Add([]byte(`{"binaries":null,"images":null}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		l, err := policy.ParseLock(in)
		if err != nil {
			return
		}
		if out, err := l.Marshal(); err != nil || !bytes.Equal(out, in) {
			t.Errorf("read %q, wrote %q, %v", in, out, err)
		}
	})
}
