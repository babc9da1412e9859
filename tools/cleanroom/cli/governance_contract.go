package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

func newContractCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "contract [CONTRACT]", Short: "Show a contract's votes and consent, or list all contracts",
		Long: `Show what every party said about a contract. Nothing of it is believed for the service's word
alone: the specification has the digest that the contract binds, the parties' keys are those in
it, and each vote and switch is signed by its party's key. Exit code 6 when that is not so.
Without CONTRACT it lists all contracts, as the service says.`,
		Example: "  cleanroom governance contract --service http://127.0.0.1:8080 sha256:…",
		Args: func(c *cobra.Command, got []string) error {
			if len(got) > 1 {
				return args("CONTRACT")(c, got)
			}
			return nil
		},
	}
	where, asJSON := serviceFlags(c), jsonFlag(c)
	save := c.Flags().String("save", "", "write the contract's specification to this new `file`")
	c.RunE = func(c *cobra.Command, args []string) error {
		cl, err := where.connect(io, "governance contract")
		if err != nil {
			return err
		}
		defer cl.Close()
		if len(args) == 0 {
			return listContracts(c.Context(), io, cl, *asJSON)
		}
		d, err := parseDigest("governance contract", "CONTRACT", args[0])
		if err != nil {
			return err
		}
		k, info, document, err := verified(c.Context(), cl, d)
		if err != nil {
			return err
		}
		if *save != "" {
			if err := create(*save, document, 0o644); err != nil {
				return err
			}
		}
		if *asJSON {
			return printJSON(io, k)
		}
		return printContract(io, k, info)
	}
	return c
}

func listContracts(ctx context.Context, io Streams, cl *client.Client, asJSON bool) error {
	list, err := cl.Contracts(ctx)
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(io, append([]api.Contract{}, list...))
	}
	for _, k := range list {
		state := "open"
		if k.Agreed {
			state = "agreed"
		}
		if err := printf(io, "%s  %-6s  proposed by %s\n", k.Contract, state, k.ProposedBy); err != nil {
			return err
		}
	}
	return nil
}

// verified returns a contract whose every statement is supported by signatures.
func verified(ctx context.Context, cl *client.Client, d digest.SHA256) (k api.Contract, info api.Info, document []byte, err error) {
	const op = "governance.contract"
	if k, err = cl.Contract(ctx, d); err != nil {
		return
	}
	bound, err := spec.Contract(k.Specification, k.Policy)
	if err != nil {
		return
	}
	if !k.Contract.Equal(d) || !bound.Equal(d) {
		return k, info, nil, fault.New(fault.Tampered, op, "the service's documents for %s give %s", d, bound)
	}
	if document, err = cl.Document(ctx, k.Specification); err != nil {
		return
	}
	s, err := spec.Decode("specification of "+d.String(), document)
	if err != nil {
		return
	}
	if info, err = cl.Info(ctx); err != nil {
		return
	}
	if err = sameParties(s, info.Parties); err != nil {
		return k, info, nil, fault.New(fault.Tampered, op, "%w", err)
	}
	if err = count(ctx, cl, k); err != nil {
		return
	}
	all := true
	for _, p := range info.Parties {
		all = all && k.Votes[p.Name]
	}
	if all != k.Agreed {
		return k, info, nil, fault.New(fault.Tampered, op, "the service says agreed: %t, the votes do not", k.Agreed)
	}
	return k, info, document, nil
}

func printContract(io Streams, k api.Contract, info api.Info) error {
	agreed := "not agreed: every party must vote yes"
	if k.Agreed {
		agreed = "agreed by every party"
	}
	if err := printf(io, "contract       %s, %s\nspecification  %s\npolicy         %s\nproposed by    %s\n",
		k.Contract, agreed, k.Specification, k.Policy, k.ProposedBy); err != nil {
		return err
	}
	for _, p := range info.Parties {
		on := strings.Join(k.Switches[p.Name], ", ")
		if on == "" {
			on = "nothing"
		}
		if err := printf(io, "%-14s vote %s; consents to %s\n", p.Name, yesNo(k.Votes, p.Name), on); err != nil {
			return err
		}
	}
	return nil
}
