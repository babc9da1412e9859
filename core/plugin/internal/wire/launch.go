package wire

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	goplugin "github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// grace is how long a plugin that was asked to end may take before it is killed.
const grace = 2 * time.Second

// Command says what runs as a plugin, and as whom. Everything but Privileged is required.
type Command struct {
	Name       string // becomes argument zero
	Path       string
	Checksum   digest.SHA256
	UID        uint32        // and group; with Privileged, the host's own
	Privileged bool          // keep the host's capabilities
	TempDir    string        // an own folder is made in it; the plugin must be able to enter it
	Timeout    time.Duration // until the connection stands
	Stderr     io.Writer     // its log lines
}

// Conn is a connected plugin. Its methods may be called concurrently.
type Conn struct {
	*grpc.ClientConn
	Broker Broker
	Dir    string // the plugin's user may make files in it; removed by Close

	client *goplugin.Client
	child  *child
	close  sync.Once
}

// Launch starts the plugin and connects to it. A plugin that does not come up within the
// timeout is Unavailable and is killed; one whose digest differs is Tampered and never runs.
func Launch(ctx context.Context, c Command) (*Conn, error) {
	const op = "plugin.start"
	binary, done, err := binaries.get(c.Path, c.Checksum)
	if err != nil {
		return nil, err
	}
	defer done()
	dir, err := privateDir(c.TempDir, c.UID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	config, variable, err := hostTLS()
	if err != nil {
		os.RemoveAll(dir)
		return nil, fault.New(fault.Internal, op, "certificate: %w", err)
	}
	r := &run{ctx: ctx, command: c, binary: binary, dir: dir, started: make(chan struct{})}
	client := goplugin.NewClient(&goplugin.ClientConfig{
		HandshakeConfig:  handshake,
		Plugins:          goplugin.PluginSet{set: &adapter{}},
		AllowedProtocols: []goplugin.Protocol{goplugin.ProtocolGRPC},
		TLSConfig:        config,
		SkipHostEnv:      true,
		StartTimeout:     c.Timeout,
		Logger:           hclog.NewNullLogger(), // Stderr gets the plugin's lines, all else comes back as an error
		Stderr:           c.Stderr,
		SyncStdout:       c.Stderr,
		SyncStderr:       c.Stderr,
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(MaxMessage), grpc.MaxCallSendMsgSize(MaxMessage))},
		UnixSocketConfig: &goplugin.UnixSocketConfig{TempDir: dir, Group: strconv.FormatUint(uint64(group(c.UID)), 10)},
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, sockets string) (runner.Runner, error) {
			if err := share(sockets, c.UID); err != nil { // go-plugin made it, without the sticky bit
				return nil, err
			}
			r.env = append(cmd.Env, "TMPDIR="+dir, variable)
			if c.Privileged { // it starts programs
				r.env = append(r.env, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
			}
			return r, nil
		},
	})
	// go-plugin waits in places that know no context; the process's end wakes all of them.
	stop := context.AfterFunc(ctx, func() { r.Kill(ctx) })
	conn, err := connect(client, r)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err == nil {
		return &Conn{ClientConn: conn.conn, Broker: conn.broker, Dir: dir, client: client, child: r.child}, nil
	}
	if ctx.Err() != nil {
		err = fault.Wrap(op, fmt.Errorf("%s did not come up: %w", c.Name, context.Cause(ctx)))
	} else if fault.KindOf(err) == fault.Internal {
		err = fault.New(fault.Unavailable, op, "%s did not come up: %w", c.Name, err)
	}
	select {
	case <-r.started:
		r.child.kill()
		client.Kill()
	default:
	}
	os.RemoveAll(dir)
	return nil, err
}

func connect(client *goplugin.Client, r *run) (connected, error) {
	if _, err := client.Start(); err != nil {
		return connected{}, err
	}
	protocol, err := client.Client()
	if err != nil {
		return connected{}, err
	}
	raw, err := protocol.Dispense(set)
	if err != nil {
		return connected{}, err
	}
	return raw.(connected), nil
}

// Pid is the plugin's process number.
func (c *Conn) Pid() int { return c.child.pid }

// Done is closed when the process has ended.
func (c *Conn) Done() <-chan struct{} { return c.child.dead }

// Err says how the process ended; nil while it runs.
func (c *Conn) Err() error {
	select {
	case <-c.child.dead:
		return fault.New(fault.Unavailable, "plugin.process", "%w: %w", errGone, ended(c.child.err))
	default:
		return nil
	}
}

func ended(err error) error {
	if err == nil {
		return fmt.Errorf("exit status 0")
	}
	return err
}

// Close asks the plugin to end, kills it after the grace, and removes its folder. It returns
// when the process is gone.
func (c *Conn) Close() {
	c.close.Do(func() {
		killed := make(chan struct{})
		go func() { c.client.Kill(); close(killed) }()
		select {
		case <-c.child.dead:
		case <-time.After(grace):
		}
		c.child.kill()
		<-c.child.dead
		<-killed
		os.RemoveAll(c.Dir)
	})
	<-c.child.dead
}
