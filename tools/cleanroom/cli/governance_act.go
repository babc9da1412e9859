package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// actor says which party acts, and with which key.
type actor struct {
	*service
	name, key string
}

func actorFlags(c *cobra.Command) *actor {
	a := &actor{service: serviceFlags(c)}
	c.Flags().StringVar(&a.name, "party", "", "who acts (required)")
	c.Flags().StringVar(&a.key, "key", "", "`file` with the party's signing key, of `dataset keygen sign` (required)")
	return a
}

func (a *actor) connect(io Streams, op string) (*client.Client, client.Party, error) {
	p := client.Party{Name: a.name}
	if a.name == "" || a.key == "" {
		return nil, p, fault.New(fault.Usage, op, "needs --party and --key")
	}
	c, err := a.service.connect(io, op)
	if err != nil {
		return nil, p, err
	}
	p.Key, err = readSigner(a.key)
	return c, p, err
}

// acted is the result of every act.
type acted struct {
	Contract   digest.SHA256 `json:"contract"`
	Act        string        `json:"act"`
	Party      string        `json:"party"`
	Operations []string      `json:"operations,omitempty"`
}

func (a acted) print(io Streams, asJSON bool) error {
	if asJSON {
		return printJSON(io, a)
	}
	what := a.Act
	if a.Operations != nil {
		what += ": " + strings.Join(a.Operations, ", ")
	}
	return printf(io, "%s  %s  %s\n", a.Contract, a.Party, what)
}

func newProposeCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "propose FILE", Short: "Put a contract up for the vote",
		Long: `Put a specification, with the policy that a release gives it, up for the vote, and print the
contract: the digest over both, which the parties vote on. The service keeps both documents.
Its parties must be the specification's, with the same keys.`,
		Example: "  cleanroom governance propose --service http://127.0.0.1:8080 --party north --key north.sign --lock release/images.lock study.yaml",
		Args:    args("FILE"),
	}
	who, lock, asJSON := actorFlags(c), c.Flags().String("lock", "", lockUsage+" (required)"), jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *lock == "" {
			return fault.New(fault.Usage, "governance propose", "needs --lock")
		}
		s, _, policy, err := render(io, args[0], *lock)
		if err != nil {
			return err
		}
		document, err := spec.Canonical(s)
		if err != nil {
			return err
		}
		cl, p, err := who.connect(io, "governance propose")
		if err != nil {
			return err
		}
		defer cl.Close()
		info, err := cl.Info(c.Context())
		if err != nil {
			return err
		}
		if err := sameParties(s, info.Parties); err != nil {
			return err
		}
		contract, err := cl.Propose(c.Context(), p, document, []byte(policy.Text))
		if err != nil {
			return err
		}
		return acted{contract, "proposed", p.Name, nil}.print(io, *asJSON)
	}
	return c
}

func newVoteCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "vote CONTRACT", Short: "Vote for a contract, or take the vote back",
		Long: `Vote for a contract, signed with the party's key; with --no take the vote back. What the contract
lets out, ` + "`spec explain`" + ` says; that it is the specification that you read, ` + "`spec digest --lock`" + `.`,
		Example: "  cleanroom governance vote --service http://127.0.0.1:8080 --party north --key north.sign sha256:…",
		Args:    args("CONTRACT"),
	}
	who, no, asJSON := actorFlags(c), c.Flags().Bool("no", false, "vote against it, or take the vote back"), jsonFlag(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		contract, err := parseDigest("governance vote", "CONTRACT", args[0])
		if err != nil {
			return err
		}
		cl, p, err := who.connect(io, "governance vote")
		if err != nil {
			return err
		}
		defer cl.Close()
		if err := cl.Vote(c.Context(), p, contract, !*no); err != nil {
			return err
		}
		word := "voted yes"
		if *no {
			word = "voted no"
		}
		return acted{contract, word, p.Name, nil}.print(io, *asJSON)
	}
	return c
}

func newConsentCmd(io Streams) *cobra.Command {
	return group("consent", "Switch a party's consent on or off",
		"  cleanroom governance consent off --service http://127.0.0.1:8080 --party north --key north.sign --all sha256:…",
		newSwitchCmd(io, "on", true), newSwitchCmd(io, "off", false))
}

func newSwitchCmd(io Streams, use string, on bool) *cobra.Command {
	op := "governance consent " + use
	c := &cobra.Command{
		Use: use + " CONTRACT", Short: "Switch consent " + use,
		Long: `Switch a party's consent to operations under a contract on or off. A room that runs asks again
all the time: switched off, it closes within two seconds. Operations: ` + strings.Join(consentable(), ", ") + ".",
		Example: "  cleanroom " + op + " --service http://127.0.0.1:8080 --party north --key north.sign --operation room.open --operation key.release sha256:…",
		Args:    args("CONTRACT"),
	}
	who, asJSON := actorFlags(c), jsonFlag(c)
	operations := c.Flags().StringArray("operation", nil, "an `operation`; may stand more than once")
	all := c.Flags().Bool("all", false, "every operation")
	c.RunE = func(c *cobra.Command, args []string) error {
		contract, err := parseDigest(op, "CONTRACT", args[0])
		if err != nil {
			return err
		}
		if *all == (len(*operations) > 0) {
			return fault.New(fault.Usage, op, "needs --operation or --all, not both")
		}
		list := *operations
		if *all {
			list = consentable()
		}
		for _, name := range list {
			if !slices.Contains(consentable(), name) {
				return fault.New(fault.Usage, op, "--operation: %q asks for no consent; there are %s", name, strings.Join(consentable(), ", "))
			}
		}
		cl, p, err := who.connect(io, op)
		if err != nil {
			return err
		}
		defer cl.Close()
		if err := cl.Switch(c.Context(), p, contract, on, list...); err != nil {
			return err
		}
		return acted{contract, "consent " + use, p.Name, list}.print(io, *asJSON)
	}
	return c
}

func consentable() []string {
	return slices.DeleteFunc(core.Operations(), func(op string) bool { return !core.NeedsConsent(op) })
}
