package cli

import (
	"context"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

const dirUsage = "the service's `folder` (required)"

// serving is the line printed once the service answers.
type serving struct {
	Address       string `json:"address"`
	Key           []byte `json:"key"` // what a specification pins as answerKey
	CheckpointKey string `json:"checkpointKey"`
}

func newServeCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "Serve the governance service of a folder",
		Long: `Serve the governance service that ` + "`governance init`" + ` made in a folder, until Ctrl-C or TERM ends
it in order, with exit code 0. One line says where it answers, and its public key, which
specifications pin as answerKey. Its log is on standard error.`,
		Example: "  cleanroom governance serve --dir ./governance --listen 127.0.0.1:8080",
		Args:    args(),
	}
	dir := c.Flags().String("dir", "", dirUsage)
	listen := c.Flags().String("listen", "127.0.0.1:0", "HOST:PORT, or unix:PATH; port 0 is any free one")
	cert := c.Flags().String("cert", "", "PEM certificate `file`; with --key: serve https")
	key := c.Flags().String("key", "", "PEM private key `file` of --cert")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *dir == "" {
			return fault.New(fault.Usage, "governance serve", "needs --dir")
		}
		if *key != "" {
			if err := private(*key); err != nil {
				return err
			}
		}
		config, err := governance.LoadTLS(*cert, *key)
		if err != nil {
			return err
		}
		ctx, stop := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
		defer stop()
		log := slog.New(slog.NewJSONHandler(io.Err, nil))
		klog.SetSlogLogger(log) // the ledger's library logs by klog
		s, err := governance.Open(ctx, *dir, log)
		if err != nil {
			return err
		}
		l, err := governance.Listen(*listen)
		if err != nil {
			_ = s.Close(context.WithoutCancel(ctx)) // nothing was written
			return err
		}
		info := s.Info()
		line := serving{governance.Address(l, config != nil), info.Key, info.CheckpointKey}
		if *asJSON {
			err = printJSON(io, line)
		} else {
			err = printf(io, "serving at %s, key %s\n", line.Address, b64(line.Key))
		}
		if err != nil {
			return err
		}
		return governance.Serve(ctx, l, s, config)
	}
	return c
}

// initialised is the result of governance init.
type initialised struct {
	Key           []byte      `json:"key"`
	CheckpointKey string      `json:"checkpointKey"`
	Parties       []api.Party `json:"parties"`
}

func newInitCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "init", Short: "Make a governance service in a folder",
		Long: `Make a governance service, with keys of its own, in an empty or new folder. Its parties are all
named here and never change: a contract is agreed when each of them has voted for it. A folder
that was made with the same parties is left as it is.`,
		Example: "  cleanroom governance init --dir ./governance --party north=BASE64 --party south=@south.pub",
		Args:    args(),
	}
	dir := c.Flags().String("dir", "", dirUsage)
	named := c.Flags().StringArray("party", nil, "`NAME=KEY`, an Ed25519 public key in base64, or NAME=@FILE of `dataset keygen`; once for each party")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if *dir == "" || len(*named) == 0 {
			return fault.New(fault.Usage, "governance init", "needs --dir and at least one --party")
		}
		var parties []api.Party
		for _, text := range *named {
			p, err := party(io, text)
			if err != nil {
				return err
			}
			parties = append(parties, p)
		}
		if err := governance.Init(*dir, parties); err != nil {
			return err
		}
		log := slog.New(slog.DiscardHandler)
		klog.SetSlogLogger(log)
		s, err := governance.Open(c.Context(), *dir, log)
		if err != nil {
			return err
		}
		info := s.Info()
		if err := s.Close(c.Context()); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, initialised{info.Key, info.CheckpointKey, info.Parties})
		}
		if err := printf(io, "service key  %s\n", b64(info.Key)); err != nil {
			return err
		}
		for _, p := range info.Parties {
			if err := printf(io, "party        %s %s\n", p.Name, b64(p.Key)); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}
