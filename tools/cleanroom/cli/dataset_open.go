package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// owned says which dataset a provider looks at, with which key.
type owned struct {
	*storePlace
	description, kek string
}

func ownedFlags(c *cobra.Command) *owned {
	o := &owned{storePlace: storeFlags(c)}
	c.Flags().StringVar(&o.description, "description", "", descriptionUsage+" (required)")
	c.Flags().StringVar(&o.kek, "kek", "", "`file` of the provider's KEK (required)")
	return o
}

// use calls f with the dataset's store, description and KEK, until Ctrl-C.
func (o *owned) use(ctx context.Context, io Streams, op string, f func(context.Context, store, dataset.Description, *secret.Bytes) error) error {
	if o.description == "" || o.kek == "" {
		return fault.New(fault.Usage, op, "needs --description and --kek")
	}
	d, err := readDescription(o.description)
	if err != nil {
		return err
	}
	kek, _, err := readKEK(o.kek)
	if err != nil {
		return err
	}
	defer kek.Destroy()
	s, err := o.open(io, op)
	if err != nil {
		return err
	}
	defer s.Close()
	ctx, stop := interruptible(ctx)
	defer stop()
	return because(ctx, f(ctx, s, d, kek))
}

// verifiedSet is the result of verify.
type verifiedSet struct {
	moved
	Listed bool `json:"listed"` // the store was listed, and holds nothing else
}

func newVerifyCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "verify", Short: "Read every byte of a dataset and compare it with what was sealed",
		Long: `Read every byte of a published dataset and compare it with what was sealed. Whatever differs,
exit code 6 and the first file, in the manifest's order, that does. So is an object of this version
that the manifest does not name; for that the store must let itself be listed, and where it does
not, that is said. It writes nothing.` + storeHelp,
		Example: "  cleanroom dataset verify --description sealed/dataset.json --kek north.kek --store sealed",
		Args:    args(),
	}
	o, asJSON := ownedFlags(c), jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return o.use(c.Context(), io, "dataset verify", func(ctx context.Context, s store, d dataset.Description, kek *secret.Bytes) error {
			p := newProgress(io.Err, "verified")
			r, err := dataset.Verify(ctx, s, d, kek, p.tell)
			p.end()
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(io, verifiedSet{moved{d.Dataset, d.Version, d.Manifest, r.Files, r.Bytes}, r.Listed})
			}
			if !r.Listed {
				fmt.Fprintf(io.Err, "the store may not be listed: whether it holds other objects too was not looked at\n")
			}
			return moved{d.Dataset, d.Version, d.Manifest, r.Files, r.Bytes}.print(io, false, "verified")
		})
	}
	return c
}

func newListCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List a dataset's files, from its manifest",
		Long:    `List the files of a published dataset, from its manifest alone: size, SHA-256 and path.` + storeHelp,
		Example: "  cleanroom dataset list --description sealed/dataset.json --kek north.kek --store sealed",
		Args:    args(),
	}
	o, asJSON := ownedFlags(c), jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		return o.use(c.Context(), io, "dataset list", func(ctx context.Context, s store, d dataset.Description, kek *secret.Bytes) error {
			entries, err := dataset.List(ctx, s, d, kek)
			if err != nil {
				return err
			}
			if *asJSON {
				return printJSON(io, entries)
			}
			for _, e := range entries {
				if err := printf(io, "%12d  %s  %s\n", e.Size, e.SHA256, e.Path); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return c
}

// released says which output of a room a recipient opens.
type released struct{ manifest, digest, contract, room, seal string }

func (r released) any() bool { return r != released{} }

func newOpenCmd(io Streams) *cobra.Command {
	var r released
	c := &cobra.Command{
		Use: "open FOLDER", Short: "Open what a room released, or one's own dataset, into a new folder",
		Long: `Open what a room released into a new folder, as its recipient: with the recipient's key, and with
the manifest and digest that the room's verified trail names (` + "`governance events --verify`" + `).
Another output than that, or an older one, is refused (6). Or, with --description and --kek,
open one's own dataset. All files are authenticated and their owner's alone, or there is no
folder at all.` + storeHelp,
		Example: `  cleanroom dataset open --seal consumer.seal --manifest report/manifest --digest sha256:… --contract sha256:… --room-key BASE64 --store result ./report
  cleanroom dataset open --description sealed/dataset.json --kek north.kek --store sealed ./data`,
		Args: args("FOLDER"),
	}
	o := ownedFlags(c)
	c.Flags().Lookup("description").Usage = descriptionUsage + ", to open one's own"
	c.Flags().Lookup("kek").Usage = "`file` of the provider's KEK, to open one's own"
	c.Flags().StringVar(&r.seal, "seal", "", "`file` of the recipient's key")
	c.Flags().StringVar(&r.manifest, "manifest", "", "the output's manifest: its object's `name`")
	c.Flags().StringVar(&r.digest, "digest", "", "the manifest's `digest`, from the room's trail")
	c.Flags().StringVar(&r.contract, "contract", "", "the `contract` that the parties agreed")
	c.Flags().StringVar(&r.room, "room-key", "", "the room's public event `key`, base64")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		const op = "dataset open"
		if r.any() && (o.description != "" || o.kek != "") {
			return fault.New(fault.Usage, op, "opens an output, or with --description and --kek one's own dataset, not both")
		}
		p := newProgress(io.Err, "opened")
		var m moved
		var err error
		if r.any() {
			m, err = openReleased(c.Context(), io, o.storePlace, r, args[0], p)
		} else {
			err = o.use(c.Context(), io, op, func(ctx context.Context, s store, d dataset.Description, kek *secret.Bytes) error {
				got, err := dataset.Open(ctx, s, d, kek, args[0], p.tell)
				m = moved{d.Dataset, d.Version, d.Manifest, got.Files, got.Bytes}
				return err
			})
		}
		p.end()
		if err != nil {
			return err
		}
		return m.print(io, *asJSON, "opened")
	}
	return c
}

func openReleased(ctx context.Context, io Streams, where *storePlace, r released, folder string, p *progress) (m moved, err error) {
	const op = "dataset open"
	if r.seal == "" || r.manifest == "" || r.digest == "" || r.contract == "" || r.room == "" {
		return m, fault.New(fault.Usage, op, "needs --seal, --manifest, --digest, --contract and --room-key: the room's trail names them")
	}
	o := dataset.OpenOptions{Manifest: r.manifest, Dir: folder, Progress: p.tell}
	if o.Digest, err = parseDigest(op, "--digest", r.digest); err != nil {
		return m, err
	}
	if o.Contract, err = parseDigest(op, "--contract", r.contract); err != nil {
		return m, err
	}
	if o.Room, err = publicKey(op, "--room-key", r.room); err != nil {
		return m, err
	}
	if o.Key, _, err = dataset.ReadSealKey(r.seal); err != nil {
		return m, keyFault(err)
	}
	defer o.Key.Destroy()
	s, err := where.open(io, op)
	if err != nil {
		return m, err
	}
	defer s.Close()
	o.Source = s
	ctx, stop := interruptible(ctx)
	defer stop()
	out, err := dataset.OpenOutput(ctx, o)
	if err != nil {
		return m, because(ctx, err)
	}
	return moved{Manifest: r.manifest, Files: out.Len(), Bytes: out.Size()}, nil
}
