package bench

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// podmanJob is a bare `podman run` of the demo's image, from stores in memory.
type podmanJob struct {
	Dir   string // is made
	Image string // OCI archive
	Runs  int
}

type podmanTimes struct {
	Start []float64 `json:"start"` // milliseconds from exec to the application's first bytes
	Whole []float64 `json:"whole"` // to podman's end
}

// firstWords are what the application writes first of all in its mode "crash".
const firstWords = "about to fail"

// Limits are given because podman's own exceed what root without CAP_SYS_RESOURCE may set.
const podmanConf = "[containers]\ndefault_ulimits = []\n[engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"none\"\n"

func runPodman(ctx context.Context, j podmanJob) (t podmanTimes, err error) {
	dir, err := scratch(j.Dir)
	if err != nil {
		return t, err
	}
	conf := filepath.Join(dir, "containers.conf")
	if err := os.WriteFile(conf, []byte(podmanConf), 0o600); err != nil {
		return t, err
	}
	oci := "runc"
	if _, err := exec.LookPath(oci); err != nil {
		oci = "crun"
	}
	podman := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "podman", append([]string{"--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "rr"),
			"--tmpdir", filepath.Join(dir, "tmp"), "--storage-driver", "overlay", "--runtime", oci}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir, "CONTAINERS_CONF=" + conf}
		return cmd
	}
	image, err := podman("pull", "--quiet", "oci-archive:"+j.Image).Output()
	if err != nil {
		return t, fault.New(fault.Unavailable, "podman pull", "%w", err)
	}
	for n := range j.Runs + 1 { // the first is not counted: it fills the page cache
		cmd := podman("run", "--rm", "--network=none", "--ulimit=nofile=256:256", "--ulimit=nproc=64:64",
			`--entrypoint=["/app","crash"]`, strings.TrimSpace(string(image)))
		seen := &watcher{text: []byte(firstWords)}
		cmd.Stderr = seen
		begin := time.Now()
		_ = cmd.Run() // the application fails, as it should
		if seen.at.IsZero() {
			return t, fault.New(fault.Unavailable, "podman run", "the application did not run: %s", &seen.all)
		}
		if n > 0 {
			t.Start = append(t.Start, millis(seen.at.Sub(begin)))
			t.Whole = append(t.Whole, millis(time.Since(begin)))
		}
	}
	return t, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// watcher notes when it has seen a text.
type watcher struct {
	text []byte
	all  bytes.Buffer
	at   time.Time
}

func (w *watcher) Write(b []byte) (int, error) {
	w.all.Write(b)
	if w.at.IsZero() && bytes.Contains(w.all.Bytes(), w.text) {
		w.at = time.Now()
	}
	return len(b), nil
}
