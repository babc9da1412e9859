package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// drain is how long lines that a dead plugin has written are still read. What it left
// running may hold the pipes open for ever.
const drain = time.Second

// run is go-plugin's runner over one child. Start is called at most once.
type run struct {
	ctx            context.Context // of Launch
	command        Command
	binary         int    // sealed copy of the program
	dir            string // private to the plugin, where all its sockets are
	env            []string
	stdout, stderr *os.File
	child          *child        // set by Start
	started        chan struct{} // closed once child is set
}

func (r *run) Start(context.Context) error {
	outR, outW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer outW.Close()
	errR, errW, err := os.Pipe()
	if err != nil {
		outR.Close()
		return err
	}
	defer errW.Close()
	r.stdout, r.stderr = outR, errR
	cmd := &exec.Cmd{
		Path: fmt.Sprintf("/proc/self/fd/%d", r.binary),
		Args: []string{r.command.Name},
		Env:  r.env,
		Dir:  r.dir,
		// Stdin stays nil: /dev/null. Given as files, the others need no copying goroutine.
		Stdout: outW, Stderr: errW,
		SysProcAttr: attributes(r.command.UID),
	}
	c, err := start(cmd, r.command.Privileged)
	if err != nil {
		outR.Close()
		errR.Close()
		return fmt.Errorf("start process: %w", err)
	}
	r.child = c
	close(r.started)
	go r.expire()
	if r.ctx.Err() != nil { // ended before there was anything to kill
		c.kill()
	}
	return nil
}

func (r *run) Wait(context.Context) error {
	<-r.child.dead
	r.stdout.Close()
	r.stderr.Close()
	return r.child.err
}

// expire lets the readers of the pipes end soon after the process did.
func (r *run) expire() {
	<-r.child.dead
	r.stdout.SetReadDeadline(time.Now().Add(drain))
	r.stderr.SetReadDeadline(time.Now().Add(drain))
}

func (r *run) Kill(context.Context) error {
	select {
	case <-r.started:
		return r.child.kill()
	default:
		return nil
	}
}

func (r *run) ID() string                      { return strconv.Itoa(r.child.pid) }
func (r *run) Name() string                    { return r.command.Name }
func (r *run) Stdout() io.ReadCloser           { return r.stdout }
func (r *run) Stderr() io.ReadCloser           { return r.stderr }
func (r *run) Diagnose(context.Context) string { return "" }

// PluginToHost refuses every address but a Unix socket in the plugin's own folder: the
// plugin chooses this text, and the host would connect to it with the host's rights.
func (r *run) PluginToHost(network, address string) (string, string, error) {
	clean := filepath.Clean(address)
	if network != "unix" || clean != address || filepath.Dir(filepath.Dir(clean)) != r.dir {
		return "", "", fault.New(fault.Tampered, "plugin.handshake", "address %s %.200q is not a socket in its own folder", network, address)
	}
	// The plugin owns the folder, and could have put a link to another's socket there.
	info, err := os.Lstat(clean)
	if err != nil {
		return "", "", err
	}
	if info.Mode().Type() != os.ModeSocket {
		return "", "", fault.New(fault.Tampered, "plugin.handshake", "address %.200q is not a socket", address)
	}
	return network, address, nil
}

func (r *run) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}

// errGone says that the process has ended.
var errGone = errors.New("its process has ended")
