package cli

import (
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/attest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/keyrelease"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker/client"
)

func newBrokerCmd(io Streams) *cobra.Command {
	return group("broker", "A provider's own key service", "  cleanroom broker list --admin unix:broker/admin",
		newImportCmd(io), newKeysCmd(io))
}

func adminFlag(c *cobra.Command) *string {
	return c.Flags().String("admin", "", "the broker's admin `socket`, unix:PATH (required)")
}

func admin(op, address string) (*client.Admin, error) {
	if address == "" {
		return nil, fault.New(fault.Usage, op, "needs --admin")
	}
	a, err := client.New(address)
	if err != nil {
		return nil, fault.New(fault.Usage, op, "--admin: %w", err)
	}
	return a, nil
}

type importOptions struct{ admin, kek, lock, source, tcb string }

func newImportCmd(io Streams) *cobra.Command {
	var o importOptions
	c := &cobra.Command{
		Use: "import FILE", Short: "Hand a KEK to the broker, for one contract",
		Long: `Hand a provider's KEK to the provider's broker, with its release policy: rooms that run the
specification FILE with the release of --lock, on the KEK's platform, with firmware no older than
--minimum-tcb, and nobody else. First it is made sure that the KEK opens the source's wrappedDEK.
A policy cannot be changed later: another contract needs another key.`,
		Example: "  cleanroom broker import --admin unix:broker/admin --kek north.kek --source north --lock release/images.lock --minimum-tcb 4.0.24.219 study.yaml",
		Args:    args("FILE"),
	}
	a := adminFlag(c)
	c.Flags().StringVar(&o.kek, "kek", "", "`file` of the KEK (required)")
	c.Flags().StringVar(&o.source, "source", "", "`name` of the source whose key it is (required)")
	c.Flags().StringVar(&o.lock, "lock", "", lockUsage+" (required)")
	c.Flags().StringVar(&o.tcb, "minimum-tcb", "", "least `versions` of boot loader, TEE, SNP firmware and microcode, such as 4.0.24.219 (required)")
	asJSON := jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		const op = "broker import"
		if o.kek == "" || o.source == "" || o.lock == "" || o.tcb == "" {
			return fault.New(fault.Usage, op, "needs --kek, --source, --lock and --minimum-tcb")
		}
		to, err := admin(op, *a)
		if err != nil {
			return err
		}
		id, policy, err := releasePolicy(io, args[0], o)
		if err != nil {
			return err
		}
		kek, err := o.key(io, args[0])
		if err != nil {
			return err
		}
		defer kek.Destroy()
		if err := to.Import(c.Context(), id, kek, policy); err != nil {
			return err
		}
		return printKeys(io, []broker.Listed{{ID: id, Policy: policy}}, *asJSON)
	}
	return c
}

// releasePolicy is whom the key may go to, and the key's identifier.
func releasePolicy(io Streams, file string, o importOptions) (id string, p broker.Policy, err error) {
	s, _, rendered, err := render(io, file, o.lock)
	if err != nil {
		return "", p, err
	}
	src, err := sourceOf(s, file, o.source)
	if err != nil {
		return "", p, err
	}
	d, err := spec.Digest(s)
	if err != nil {
		return "", p, err
	}
	p = broker.Policy{HostData: rendered.Hash, Platform: s.Platform}
	if p.Contract, err = spec.Contract(d, rendered.Hash); err != nil {
		return "", p, err
	}
	p.MinimumTCB, err = parseTCB(o.tcb)
	return src.Sealing.Key, p, err
}

func sourceOf(s *v1.Spec, file, name string) (v1.Source, error) {
	for _, src := range s.Sources {
		if src.Name == name {
			return src, nil
		}
	}
	return v1.Source{}, fault.New(fault.Invalid, file, "has no source %q", name)
}

// key reads the KEK and compares it with what the specification says of it.
func (o importOptions) key(io Streams, file string) (*secret.Bytes, error) {
	s, err := readSpec(io, file)
	if err != nil {
		return nil, err
	}
	src, err := sourceOf(s, file, o.source)
	if err != nil {
		return nil, err
	}
	kek, platform, err := readKEK(o.kek)
	if err != nil {
		return nil, err
	}
	if platform != s.Platform {
		kek.Destroy()
		return nil, fault.New(fault.Denied, "broker import", "%s is for platform %s, and the specification says %s", o.kek, platform, s.Platform)
	}
	wrapped, err := base64.StdEncoding.DecodeString(src.Sealing.WrappedDEK)
	if err == nil {
		var dek *secret.Bytes
		if dek, err = keyrelease.UnwrapDEK(kek, wrapped, keyrelease.DEKContext(src.Name, src.Sealing.Version)); err == nil {
			dek.Destroy()
			return kek, nil
		}
	}
	kek.Destroy()
	return nil, fault.New(fault.Invalid, "broker import", "%s does not open the wrappedDEK of source %s, version %d", o.kek, src.Name, src.Sealing.Version)
}

func parseTCB(text string) (t attest.TCB, err error) {
	var more string
	n, _ := fmt.Sscanf(text+" ", "%d.%d.%d.%d%s", &t.Bootloader, &t.TEE, &t.SNP, &t.Microcode, &more)
	if n != 4 || t == (attest.TCB{}) || text != fmt.Sprintf("%d.%d.%d.%d", t.Bootloader, t.TEE, t.SNP, t.Microcode) {
		return t, fault.New(fault.Usage, "broker import", "--minimum-tcb: must be four numbers up to 255, not all 0, such as 4.0.24.219 (got %.40q)", text)
	}
	return t, nil
}

func newKeysCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List the keys that the broker holds",
		Long:    "List the keys that the broker holds, with the policies under which it releases them. No key is shown.",
		Example: "  cleanroom broker list --admin unix:broker/admin",
		Args:    args(),
	}
	a, asJSON := adminFlag(c), jsonFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		from, err := admin("broker list", *a)
		if err != nil {
			return err
		}
		keys, err := from.List(c.Context())
		if err != nil {
			return err
		}
		return printKeys(io, append([]broker.Listed{}, keys...), *asJSON)
	}
	return c
}

func printKeys(io Streams, keys []broker.Listed, asJSON bool) error {
	if asJSON {
		return printJSON(io, keys)
	}
	for _, k := range keys {
		t := k.Policy.MinimumTCB
		if err := printf(io, "%s  platform %s, minimum TCB %d.%d.%d.%d\n  contract  %s\n  policy    %s\n",
			k.ID, k.Policy.Platform, t.Bootloader, t.TEE, t.SNP, t.Microcode, k.Policy.Contract, k.Policy.HostData); err != nil {
			return err
		}
	}
	return nil
}
