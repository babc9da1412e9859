// Command governance serves the governance service on one folder. Everything it needs to
// know is on its command line; it prints one line of JSON when it is ready, and ends in
// order on SIGINT or SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"k8s.io/klog/v2"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(fault.Exit(err))
}

// ready is the line printed once the service answers.
type ready struct {
	Address       string `json:"address"` // as client.New takes it
	Key           []byte `json:"key"`     // Ed25519 public key: what a specification pins as answerKey
	CheckpointKey string `json:"checkpointKey"`
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	fs := flag.NewFlagSet("governance", flag.ContinueOnError)
	fs.SetOutput(stderr)
	var (
		listen  = fs.String("listen", "127.0.0.1:0", "HOST:PORT or unix:PATH")
		dir     = fs.String("dir", "", "the service's `folder`")
		cert    = fs.String("cert", "", "PEM certificate `file`; with --key: serve https")
		key     = fs.String("key", "", "PEM private key `file` of --cert")
		parties []api.Party
	)
	fs.Func("party", "`NAME=KEY`, an Ed25519 public key in base64; once for each party. Initialises an empty folder", func(s string) error {
		p, err := governance.ParseParty(s)
		parties = append(parties, p)
		return err
	})
	if err := fs.Parse(args); err != nil {
		if err == flag.ErrHelp {
			return nil
		}
		return fault.New(fault.Usage, "governance", "%w", err)
	}
	if fs.NArg() > 0 || *dir == "" {
		return fault.New(fault.Usage, "governance", "needs --dir and takes no arguments; see --help")
	}
	log := slog.New(slog.NewJSONHandler(stderr, nil))
	klog.SetSlogLogger(log) // tessera logs by klog

	if parties != nil {
		if err := governance.Init(*dir, parties); err != nil {
			return err
		}
	}
	config, err := governance.LoadTLS(*cert, *key)
	if err != nil {
		return err
	}
	s, err := governance.Open(ctx, *dir, log)
	if err != nil {
		return err
	}
	l, err := governance.Listen(*listen)
	if err != nil {
		return err
	}
	info := s.Info()
	line := ready{Address: governance.Address(l, config != nil), Key: info.Key, CheckpointKey: info.CheckpointKey}
	if err := json.NewEncoder(stdout).Encode(line); err != nil {
		return fault.New(fault.Unavailable, "governance", "%w", err)
	}
	return governance.Serve(ctx, l, s, config)
}
