// Package needs lets a test say what it needs of the machine. Where that is missing the
// test skips and says what mends it; with CLEANROOM_REQUIRE_ALL=1, as in `make test`, it
// fails instead. It is for tests alone and never installs or changes anything.
package needs

import (
	"os"
	"os/exec"
	"testing"

	"github.com/cleanroom-dev/cleanroom/internal/place"
)

// RequireVar turns every skip for want of something into a failure.
const RequireVar = "CLEANROOM_REQUIRE_ALL"

// ReleaseVar names the folder of a built release.
const ReleaseVar = "CLEANROOM_RELEASE"

const mend = "run `make setup`"

// Root stops the test unless it runs as root with the capability to mount.
func Root(t testing.TB) {
	t.Helper()
	if os.Geteuid() != 0 {
		missing(t, "needs root: run `make test` as root")
		return
	}
	if !initialUserNamespace() {
		missing(t, "needs the machine's own root: this is a user namespace")
		return
	}
	if ok, err := effective(capSysAdmin); err != nil || !ok {
		missing(t, "needs CAP_SYS_ADMIN: run outside a container that takes it away (%v)", err)
	}
}

// Program returns the absolute path of name on PATH.
func Program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		// Test runners often leave the administrator's folders off PATH.
		for _, dir := range []string{"/usr/sbin/", "/sbin/"} {
			if _, err := exec.LookPath(dir + name); err == nil {
				return dir + name
			}
		}
		missing(t, "needs the program %s: %s", name, mend)
	}
	return path
}

// Device stops the test unless the device node at path can be opened.
func Device(t testing.TB, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		missing(t, "needs the device %s: load its kernel module, or run outside a container that hides it (%v)", path, err)
		return
	}
	f.Close()
}

// Envoy returns the path of the Envoy binary that setup brought.
func Envoy(t testing.TB) string { t.Helper(); return file(t, "Envoy", place.Envoy) }

// Collector returns the path of the OpenTelemetry collector that setup built.
func Collector(t testing.TB) string {
	t.Helper()
	return file(t, "the OpenTelemetry collector", place.Collector)
}

// Azurite returns the path of azurite-blob's JavaScript entry; run it with Program(t, "node").
func Azurite(t testing.TB) string { t.Helper(); return file(t, "Azurite", place.Azurite) }

// Release returns the folder that Bazel's //:release made: command line, daemons, plugins,
// images and images.lock. Under `make test` the runner names it in ReleaseVar.
func Release(t testing.TB) string {
	t.Helper()
	dir := os.Getenv(ReleaseVar)
	if dir == "" {
		missing(t, "needs a built release: run `make test`, or set %s to bazel-bin/release", ReleaseVar)
	}
	return dir
}

func file(t testing.TB, what string, find func() (string, error)) string {
	t.Helper()
	path, err := find()
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		missing(t, "needs %s: %s (%v)", what, mend, err)
	}
	return path
}

func missing(t testing.TB, format string, args ...any) {
	t.Helper()
	if os.Getenv(RequireVar) == "1" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}
