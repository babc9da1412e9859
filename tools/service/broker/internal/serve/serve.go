// Package serve is what the broker's two programs share: flags, files, sockets.
// Which verifier judges evidence is the caller's choice, made at link time; no
// flag and no file can change it.
package serve

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
)

// Program says what differs between the two binaries.
type Program struct {
	Name, Platform, Banner string
	Flags                  func(*flag.FlagSet)
	// Verifier is called once, after the flags were read.
	Verifier func() (func(attest.Evidence, attest.Expectations, time.Time) error, error)
}

// ready is the one line on stdout.
type ready struct {
	URL       string `json:"url"`       // for rooms
	Admin     string `json:"admin"`     // for the key's owner: unix:PATH
	AnswerKey string `json:"answerKey"` // Ed25519 public key, base64: for the specification
}

type options struct{ listen, admin, dir, signKey, cert, key string }

// Main runs p until it is told to end, and returns the exit code of package fault.
func Main(p Program, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err := Run(ctx, p, args, os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(os.Stderr, "%s: %v\n", p.Name, err)
		return fault.Exit(err)
	}
	return 0
}

// Run serves until ctx ends.
func Run(ctx context.Context, p Program, args []string, stdout, stderr io.Writer) error {
	o, err := parse(p, args, stderr)
	if err != nil {
		return err
	}
	if p.Banner != "" {
		fmt.Fprintln(stderr, p.Banner)
	}
	// Keys will be in memory: no core dump, no debugger of the same user.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fault.New(fault.Internal, "broker", "keep keys out of core dumps: %w", err)
	}
	verify, err := p.Verifier()
	if err != nil {
		return err
	}
	sign, err := signKey(o.signKey)
	if err != nil {
		return err
	}
	record, err := broker.OpenRecord(filepath.Join(o.dir, "decisions.jsonl"))
	if err != nil {
		return err
	}
	defer record.Close()
	b, err := broker.New(broker.Config{Platform: p.Platform, Verify: verify, SignKey: sign, Record: record,
		Log: slog.New(slog.NewJSONHandler(stderr, nil)), Now: time.Now})
	if err != nil {
		return err
	}
	defer b.Close()
	public, scheme, err := listen(o)
	if err != nil {
		return err
	}
	defer public.Close()
	admin, err := listenAdmin(o.admin)
	if err != nil {
		return err
	}
	defer admin.Close()
	line, err := json.Marshal(ready{scheme + public.Addr().String(), "unix:" + admin.Addr().String(),
		base64.StdEncoding.EncodeToString(sign.Public().(ed25519.PublicKey))})
	if err != nil {
		return fault.New(fault.Internal, "broker", "%w", err)
	}
	fmt.Fprintf(stdout, "%s\n", line)
	return serve(ctx, map[net.Listener]http.Handler{public: b.Handler(), admin: b.Admin()})
}

func parse(p Program, args []string, stderr io.Writer) (o options, err error) {
	fs := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.listen, "listen", "", "address for rooms, such as 127.0.0.1:0")
	fs.StringVar(&o.admin, "admin", "", "socket for the keys' owner, unix:PATH; only this user may use it")
	fs.StringVar(&o.dir, "dir", "", "folder of the record of decisions; keys are never in it")
	fs.StringVar(&o.signKey, "sign-key", "", "PEM file with the PKCS #8 Ed25519 key that signs answers")
	fs.StringVar(&o.cert, "tls-cert", "", "PEM certificate; with it rooms connect by https")
	fs.StringVar(&o.key, "tls-key", "", "its private key")
	if p.Flags != nil {
		p.Flags(fs)
	}
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, fault.New(fault.Usage, "arguments", "%w", err)
	}
	if fs.NArg() > 0 {
		return o, fault.New(fault.Usage, "arguments", "unexpected %q", fs.Arg(0))
	}
	for _, f := range []struct{ name, value string }{{"listen", o.listen}, {"admin", o.admin}, {"dir", o.dir}, {"sign-key", o.signKey}} {
		if f.value == "" {
			return o, fault.New(fault.Usage, "arguments", "--%s is required", f.name)
		}
	}
	if (o.cert == "") != (o.key == "") {
		return o, fault.New(fault.Usage, "arguments", "--tls-cert and --tls-key go together")
	}
	return o, nil
}

func listen(o options) (net.Listener, string, error) {
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return nil, "", fault.New(fault.Unavailable, "broker.listen", "%w", err)
	}
	if o.cert == "" {
		return l, "http://", nil
	}
	c, err := tls.LoadX509KeyPair(o.cert, o.key)
	if err != nil {
		l.Close()
		return nil, "", fault.New(fault.Invalid, "broker.listen", "%w", err)
	}
	return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS13}), "https://", nil
}

func serve(ctx context.Context, all map[net.Listener]http.Handler) error {
	g, ctx := errgroup.WithContext(ctx)
	for l, h := range all {
		s := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second,
			WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
		g.Go(func() error {
			if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				return fault.New(fault.Unavailable, "broker.serve", "%w", err)
			}
			return nil
		})
		g.Go(func() error {
			<-ctx.Done()
			end, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			if s.Shutdown(end) != nil {
				_ = s.Close() // what is still running is cut off
			}
			return nil
		})
	}
	return g.Wait()
}
