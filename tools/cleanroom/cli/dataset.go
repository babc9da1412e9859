package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

func newDatasetCmd(io Streams) *cobra.Command {
	return group("dataset", "A provider's and a consumer's tools",
		"  cleanroom dataset seal --kek kek --sign sign --name north --version 1 --store sealed ./data",
		newKeygenCmd(io), newSealCmd(io), newPublishCmd(io), newVerifyCmd(io), newListCmd(io), newOpenCmd(io))
}

// interruptible returns a context that Ctrl-C and TERM end, with Interrupted as its cause.
func interruptible(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		select {
		case s := <-signals:
			cancel(fault.New(fault.Interrupted, "signal", "ended on request (%v)", s))
		case <-ctx.Done():
		}
	}()
	return ctx, func() { signal.Stop(signals); cancel(nil) }
}

// because is err, or what ended ctx where that is why.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// keyMade is the result of dataset keygen.
type keyMade struct {
	Kind     string `json:"kind"`
	File     string `json:"file"`
	Platform string `json:"platform,omitempty"`
	Public   []byte `json:"public,omitempty"`
}

func newKeygenCmd(io Streams) *cobra.Command {
	return group("keygen", "Make a key file",
		"  cleanroom dataset keygen sign north.sign > north.pub",
		newKEKCmd(io),
		newPairCmd(io, "sign", "Make a party's signing key: votes and manifests", "signKey", func(path string) ([]byte, error) { return dataset.NewSignKey(path) }),
		newPairCmd(io, "seal", "Make a recipient's key: outputs are sealed to it", "sealKey", dataset.NewSealKey))
}

func newPairCmd(io Streams, kind, short, field string, make func(path string) ([]byte, error)) *cobra.Command {
	c := &cobra.Command{
		Use: kind + " FILE", Short: short,
		Long: short + `. The new file, which only its owner may use, holds the secret key;
the public key, which a specification names as the party's ` + field + `, is printed.`,
		Example: "  cleanroom dataset keygen " + kind + " north." + kind + " > north." + kind + ".pub",
		Args:    args("FILE"),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		public, err := make(args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, keyMade{Kind: kind, File: args[0], Public: public})
		}
		return printf(io, "%s\n", b64(public))
	}
	return c
}

func newKEKCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "kek FILE", Short: "Make a provider's key-encryption key",
		Long: `Make a provider's key-encryption key, for rooms of one platform and one contract, in a new file
that only its owner may use. It is never shown; its provider hands it to its own key service
(` + "`cleanroom broker import`" + `).`,
		Example: "  cleanroom dataset keygen kek --platform snp north.kek",
		Args:    args("FILE"),
	}
	platform := c.Flags().String("platform", "", "snp or simulated (required)")
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		if *platform != "snp" && *platform != "simulated" {
			return fault.New(fault.Usage, "dataset keygen kek", "--platform: must be snp or simulated (got %.40q)", *platform)
		}
		if err := dataset.NewKEK(args[0], *platform); err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, keyMade{Kind: "kek", File: args[0], Platform: *platform})
		}
		return printf(io, "%s: a KEK for platform %s\n", args[0], *platform)
	}
	return c
}
