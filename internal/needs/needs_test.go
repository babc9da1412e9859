package needs

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/internal/place"
)

// recorder stands for a test and keeps what was said of it.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (*recorder) Helper() {}
func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func ask(f func(testing.TB)) *recorder {
	r, done := &recorder{}, make(chan struct{})
	go func() { defer close(done); f(r) }()
	<-done
	return r
}

func TestMissingThings(t *testing.T) {
	for name, need := range map[string]struct {
		ask  func(testing.TB)
		want string
	}{
		"a program":     {func(t testing.TB) { Program(t, "no-such-program") }, "make setup"},
		"a device":      {func(t testing.TB) { Device(t, "/dev/no-such-device") }, "/dev/no-such-device"},
		"envoy":         {func(t testing.TB) { Envoy(t) }, "make setup"},
		"azurite":       {func(t testing.TB) { Azurite(t) }, "make setup"},
		"the collector": {func(t testing.TB) { Collector(t) }, "make setup"},
		"a release":     {func(t testing.TB) { Release(t) }, "make test"},
	} {
		t.Setenv(ReleaseVar, "")
		t.Setenv(place.StateVar, t.TempDir())
		t.Run(name+" missing skips with what mends it", func(t *testing.T) {
			t.Setenv(RequireVar, "")
			if r := ask(need.ask); !strings.Contains(r.skipped, need.want) || r.failed != "" {
				t.Errorf("skipped %q, failed %q; want a skip with %q", r.skipped, r.failed, need.want)
			}
		})
		t.Run(name+" missing fails where all is required", func(t *testing.T) {
			t.Setenv(RequireVar, "1")
			if r := ask(need.ask); !strings.Contains(r.failed, need.want) || r.skipped != "" {
				t.Errorf("skipped %q, failed %q; want a failure with %q", r.skipped, r.failed, need.want)
			}
		})
	}
}

func TestPresentThings(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(place.StateVar, dir)
	envoy := filepath.Join(dir, "bin", "envoy")
	if err := os.MkdirAll(filepath.Dir(envoy), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(envoy, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := Envoy(t); got != envoy {
		t.Errorf("Envoy() = %q, want %q", got, envoy)
	}
	Device(t, "/dev/null")
	if got := Program(t, "sh"); !filepath.IsAbs(got) {
		t.Errorf("Program(sh) = %q, want an absolute path", got)
	}
}
