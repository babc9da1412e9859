package main

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/sandbox"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/runtimes/podman/internal/probe"
)

// The rootful tests run this binary again, in a room: there the stores of podman
// are private tmpfs, and everything is gone when the test is.
var (
	inRoom = flag.Bool("in-room", false, "run the tests named in a room")
	imageX = flag.String("image", "", "OCI layout and digest of the test image, LAYOUT@DIGEST")
	shared = flag.String("shared", "", "a folder of the host that the application may write")
)

func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" { // started by a host, as a plugin
		main()
		return
	}
	// In the test image this binary is the probe, where it is static.
	if len(os.Args) > 1 && filepath.Base(os.Args[0]) == "probe" {
		os.Exit(probe.Main(os.Args[1:]))
	}
	flag.Parse()
	if *inRoom {
		o := sandbox.Options{RunSize: 1 << 30, TmpSize: 64 << 20, AllowSwap: true}
		dir, _, _ := strings.Cut(*imageX, "@")
		o.Bind = append(o.Bind, sandbox.Bind{Name: "image", Source: dir})
		if *shared != "" {
			o.Bind = append(o.Bind, sandbox.Bind{Name: "shared", Source: *shared, Writable: true})
		}
		in, code, err := sandbox.Enter(o)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		if !in {
			os.Exit(code)
		}
	}
	os.Exit(m.Run())
}

// inARoom returns true in a room. Outside it runs the same test in one, and
// returns false when that is over.
func inARoom(t *testing.T) bool {
	t.Helper()
	needs.Root(t)
	needs.Program(t, "podman")
	if *inRoom {
		return true
	}
	cmd := roomCommand(t, t.TempDir())
	out, err := cmd.CombinedOutput()
	t.Logf("in the room:\n%s", out)
	if err != nil {
		t.Errorf("in the room: %v", err)
	}
	return false
}

func roomCommand(t *testing.T, shared string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	digest := writeImage(t, dir)
	args := []string{"-in-room", "-image", dir + "@" + digest, "-shared", shared, "-test.run", "^" + strings.ReplaceAll(t.Name(), "/", "$/^") + "$", "-test.v", "-test.timeout", "10m"}
	return exec.CommandContext(t.Context(), os.Args[0], args...)
}

// writeImage makes an OCI layout of an image with the probe alone and returns
// the manifest's digest.
func writeImage(t testing.TB, dir string) string {
	t.Helper()
	binary, err := os.ReadFile(probeBinary(t))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, d := range []string{"etc", "proc", "sys", "dev", "tmp", "in", "out", "work"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: d, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "probe", Mode: 0o755, Size: int64(len(binary))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(binary); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b.Bytes())), nil },
		tarball.WithMediaType(typeLayer+"+gzip"))
	if err != nil {
		t.Fatal(err)
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, typeManifest), typeConfig)
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		t.Fatal(err)
	}
	file, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.Architecture, file.OS = runtime.GOARCH, runtime.GOOS
	// What an image says of itself must not reach the application.
	file.Config.Env = []string{"FROM_IMAGE=1", "PATH=/from-image"}
	file.Config.Entrypoint, file.Config.Cmd = []string{"/from-image"}, []string{"from-image"}
	file.Config.Volumes = map[string]struct{}{"/volume": {}}
	file.Config.User, file.Config.WorkingDir = "0", "/etc"
	if img, err = mutate.ConfigFile(img, file); err != nil {
		t.Fatal(err)
	}
	p, err := layout.Write(dir, empty.Index)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.AppendImage(img); err != nil {
		t.Fatal(err)
	}
	d, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return d.String()
}

// probeBinary is this binary where it is static (CGO_ENABLED=0, or Bazel's pure
// mode), else the probe built for the purpose.
func probeBinary(t testing.TB) string {
	t.Helper()
	own, err := elf.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	dynamic := false
	for _, p := range own.Progs {
		dynamic = dynamic || p.Type == elf.PT_INTERP
	}
	if !dynamic {
		return "/proc/self/exe"
	}
	out := filepath.Join(t.TempDir(), "probe")
	cmd := exec.Command(needs.Program(t, "go"), "build", "-o", out, "./internal/probe/cmd")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, b)
	}
	return out
}
