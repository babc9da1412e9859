package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

const descriptionUsage = "`file` with the dataset's description"

type sealOptions struct {
	*storePlace
	kek, sign, name, description string
	version                      uint64
	pad                          bool
}

func newSealCmd(io Streams) *cobra.Command {
	o := &sealOptions{}
	c := &cobra.Command{
		Use: "seal FOLDER", Short: "Seal a folder as one version of a dataset",
		Long: `Seal every file of a folder, as one version of a dataset, into a store: under a fresh key,
itself wrapped under the provider's KEK, with a manifest that the provider signs. What a
specification must say of it is printed, and kept in the description, which is public. Files
are streamed; after an error, or Ctrl-C (130), nothing of the version stays.` + storeHelp,
		Example: "  cleanroom dataset seal --kek north.kek --sign north.sign --name north --version 1 --store sealed ./data",
		Args:    args("FOLDER"),
	}
	o.storePlace = storeFlags(c)
	c.Flags().StringVar(&o.kek, "kek", "", "`file` of the KEK (required)")
	c.Flags().StringVar(&o.sign, "sign", "", "`file` of the provider's signing key (required)")
	c.Flags().StringVar(&o.name, "name", "", "the dataset's `name`: its source's in the specification (required)")
	c.Flags().Uint64Var(&o.version, "version", 0, "at least 1, and higher with each publication (required)")
	c.Flags().BoolVar(&o.pad, "pad", false, "hide the files' sizes from the store, for at most 12 % more bytes and 4 KiB a file at least")
	c.Flags().StringVar(&o.description, "description", "", "new `file` for the description (default: "+dataset.DescriptionName+" in a local store)")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		d, err := seal(c.Context(), io, o, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, d)
		}
		return printf(io, `sealing: # of source %s, whose party has the signKey %s
  wrappedDEK: %s
  manifest: %s
  manifestDigest: %s
  version: %d
`, d.Dataset, b64(d.SignKey), b64(d.WrappedDEK), d.Manifest, d.ManifestDigest, d.Version)
	}
	return c
}

func seal(ctx context.Context, io Streams, o *sealOptions, folder string) (d dataset.Description, err error) {
	const op = "dataset seal"
	switch {
	case o.kek == "" || o.sign == "" || o.name == "":
		return d, fault.New(fault.Usage, op, "needs --kek, --sign and --name")
	case o.version == 0:
		return d, fault.New(fault.Usage, op, "needs --version, at least 1")
	case o.description == "" && o.folder == "":
		return d, fault.New(fault.Usage, op, "needs --description")
	case o.description == "":
		o.description = filepath.Join(o.folder, dataset.DescriptionName)
	}
	// Without its description nobody can open the dataset: there must be a place for it.
	if _, err := os.Lstat(o.description); !errors.Is(err, fs.ErrNotExist) {
		return d, fault.New(fault.Usage, op, "%s is there already: name another with --description", o.description)
	}
	if st, err := os.Stat(folder); err != nil || !st.IsDir() {
		return d, fault.New(fault.Invalid, op, "%s: is not a folder", folder)
	}
	kek, _, err := readKEK(o.kek)
	if err != nil {
		return d, err
	}
	defer kek.Destroy()
	signer, err := readSigner(o.sign)
	if err != nil {
		return d, err
	}
	defer clear(signer)
	s, err := o.open(io, op)
	if err != nil {
		return d, err
	}
	defer s.Close()
	ctx, stop := interruptible(ctx)
	defer stop()
	p := newProgress(io.Err, "sealed")
	d, err = dataset.Seal(ctx, dataset.SealOptions{Dir: folder, Sink: s, Dataset: o.name, Version: o.version, KEK: kek, Signer: signer, Pad: o.pad, Progress: p.tell})
	p.end()
	if err != nil {
		return d, because(ctx, err)
	}
	b, err := d.Bytes()
	if err != nil {
		return d, err
	}
	return d, create(o.description, b, 0o644)
}

// moved is the result of publish, verify and open.
type moved struct {
	Dataset  string `json:"dataset,omitempty"`
	Version  uint64 `json:"version,omitempty"`
	Manifest string `json:"manifest"`
	Files    int    `json:"files"`
	Bytes    int64  `json:"bytes"`
}

func newPublishCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "publish FOLDER", Short: "Copy a sealed dataset to a store",
		Long: `Copy a dataset that was sealed into a local folder to a store. The manifest goes last: nothing is
visible before all is there. No key is needed. What is there already is not sent again, so an
interrupted publish goes on where it was, and a finished one does nothing. A published version
stays: another manifest of it is refused (4). Where the credential may not list the store, each
object is asked for instead, which takes longer.` + storeHelp,
		Example: "  cleanroom dataset publish --endpoint https://account.blob.core.windows.net --container north --sas north.sas ./sealed",
		Args:    args("FOLDER"),
	}
	where := storeFlags(c)
	description := c.Flags().String("description", "", descriptionUsage+" (default: "+dataset.DescriptionName+" in FOLDER)")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *description == "" {
			*description = filepath.Join(args[0], dataset.DescriptionName)
		}
		d, err := readDescription(*description)
		if err != nil {
			return err
		}
		if _, err := os.Stat(args[0]); err != nil {
			return unreadable(args[0], err)
		}
		from, err := dataset.OpenFolder(args[0])
		if err != nil {
			return err
		}
		defer from.Close()
		to, err := where.open(io, "dataset publish")
		if err != nil {
			return err
		}
		defer to.Close()
		ctx, stop := interruptible(c.Context())
		defer stop()
		p := newProgress(io.Err, "published")
		r, err := dataset.Publish(ctx, from, d, to, p.tell)
		p.end()
		if err != nil {
			return because(ctx, err)
		}
		return moved{d.Dataset, d.Version, d.Manifest, r.Files, r.Bytes}.print(io, *asJSON, "published")
	}
	return c
}

func (m moved) print(io Streams, asJSON bool, word string) error {
	if asJSON {
		return printJSON(io, m)
	}
	return printf(io, "%s %s: %d files, %d bytes\n", word, m.Manifest, m.Files, m.Bytes)
}

func readDescription(path string) (dataset.Description, error) {
	d, err := dataset.ReadDescription(path)
	return d, keyFault(err)
}
