package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume"
)

// Systems that are measured, each with the container that holds its blobs.
const (
	ours    = "sealed" // the core's mount, over the source's plugin
	plain   = "plain"  // rclone
	crypted = "crypt"  // rclone's crypt over plain
	none    = ""       // no mount: passes have whole paths
)

// volumeJob is a fresh mount and what is read from it.
type volumeJob struct {
	Dir      string // is made
	System   string
	Endpoint string
	Entries  []sealed.Entry // of ours
	Plugin   pluginFile     `json:",omitzero"`
	Rclone   string
	Passes   []pass // paths are below the mount
}

type volumeResult struct {
	Passes  []passed `json:"passes"`
	Mount   float64  `json:"mount"`   // peak of the process that mounts, MiB
	Plugin  float64  `json:"plugin"`  // peak of the plugin, MiB
	Fetched int64    `json:"fetched"` // bytes of ciphertext
}

func runVolume(ctx context.Context, j volumeJob) (r volumeResult, err error) {
	dir, err := scratch(j.Dir)
	if err != nil {
		return r, err
	}
	read := func(in string) error {
		for _, p := range j.Passes {
			if in != "" {
				p.Path = filepath.Join(in, p.Path)
			}
			one, err := beside[passed](ctx, "pass", p)
			if err != nil {
				return err
			}
			r.Passes = append(r.Passes, one)
		}
		return nil
	}
	switch j.System {
	case none:
		return r, read("")
	case plain, crypted:
		in, p, err := mountRclone(ctx, j.Rclone, j.Endpoint, dir, remote(j.System), "--read-only")
		if err != nil {
			return r, err
		}
		if err := read(in); err != nil {
			return r, err
		}
		r.Mount, err = peak(strconv.Itoa(p.cmd.Process.Pid))
		return r, err
	}
	p, err := j.Plugin.start(ctx, dir, map[string]any{"endpoint": j.Endpoint, "container": ours}, "")
	if err != nil {
		return r, err
	}
	defer p.Close()
	src, err := p.Source()
	if err != nil {
		return r, err
	}
	return r, present(ctx, dir, src, j.Entries, func(in string, m *volume.Mounted) (err error) {
		if err = read(in); err != nil {
			return err
		}
		r.Fetched = m.Stats().Fetched
		if r.Plugin, err = peak(strconv.Itoa(p.Pid())); err != nil {
			return err
		}
		r.Mount, err = peak("self")
		return err
	})
}

// remote is rclone's name for what a system reads.
func remote(system string) string {
	if system == crypted {
		return "c:"
	}
	return "p:" + system
}

// rcloneEnv has the remotes p, the account, and c, crypted in one container of it.
func rcloneEnv(ctx context.Context, rclone, endpoint, container, dir string) ([]string, error) {
	password, err := exec.CommandContext(ctx, rclone, "obscure", "bench").Output()
	if err != nil {
		return nil, fault.New(fault.Unavailable, "rclone obscure", "%w", err)
	}
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "RCLONE_CONFIG=" + os.DevNull, "RCLONE_CACHE_DIR=" + filepath.Join(dir, "cache"),
		"RCLONE_CONFIG_P_TYPE=azureblob", "RCLONE_CONFIG_P_ACCOUNT=" + devAccount, "RCLONE_CONFIG_P_KEY=" + devKey, "RCLONE_CONFIG_P_ENDPOINT=" + endpoint,
		"RCLONE_CONFIG_C_TYPE=crypt", "RCLONE_CONFIG_C_REMOTE=p:" + container, "RCLONE_CONFIG_C_PASSWORD=" + strings.TrimSpace(string(password))}, nil
}

// mountRclone returns when the mount is there. It ends with this child.
func mountRclone(ctx context.Context, rclone, endpoint, dir, remote string, args ...string) (string, *process, error) {
	container := crypted
	if name, writes := strings.CutPrefix(remote, "c:"); writes && name != "" {
		container, remote = name, "c:"
	}
	env, err := rcloneEnv(ctx, rclone, endpoint, container, dir)
	if err != nil {
		return "", nil, err
	}
	in := filepath.Join(dir, "in")
	if err := os.Mkdir(in, 0o755); err != nil {
		return "", nil, err
	}
	log, err := os.Create(filepath.Join(dir, "rclone.log"))
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	cmd := exec.Command(rclone, append([]string{"mount2", remote, in}, args...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	p, err := start(cmd)
	if err != nil {
		return "", nil, fault.New(fault.Unavailable, "rclone", "%w", err)
	}
	var before, now unix.Stat_t
	if err := unix.Stat(dir, &before); err != nil {
		return "", nil, err
	}
	tick, end := time.NewTicker(20*time.Millisecond), time.After(30*time.Second)
	defer tick.Stop()
	for {
		if err := unix.Stat(in, &now); err == nil && now.Dev != before.Dev {
			return in, p, nil
		}
		select {
		case <-tick.C:
			continue
		case <-p.over:
		case <-end:
		case <-ctx.Done():
		}
		said, _ := os.ReadFile(log.Name())
		return "", nil, fault.New(fault.Unavailable, "rclone", "no mount: %s", fmt.Sprintf("%.500s", said))
	}
}
