package cli

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/field"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

const lockUsage = "images.lock of the release that will run it"

func newSpecCmd(io Streams) *cobra.Command {
	return group("spec", "Check, explain, digest and compare specifications", "  cleanroom spec check study.yaml",
		newSpecCheckCmd(io), newSpecExplainCmd(io), newSpecDigestCmd(io), newSpecDiffCmd(io))
}

// checked is the result of spec check.
type checked struct {
	Valid      bool              `json:"valid"`
	Name       string            `json:"name,omitempty"`
	Digest     string            `json:"digest,omitempty"`
	Error      string            `json:"error,omitempty"`
	Violations []field.Violation `json:"violations,omitempty"`
}

func newSpecCheckCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "check FILE", Short: "Say everything that is wrong with a specification",
		Long: `Say everything that is wrong with a specification, each with its field, its line and what
would be right. Exit code 3 when anything is. With --lock also that the release has every
plugin that it names. FILE - is standard input.`,
		Example: "  cleanroom spec check study.yaml\n  cleanroom spec check --lock release/images.lock study.yaml",
		Args:    args("FILE"),
	}
	asJSON, lock := jsonFlag(c), c.Flags().String("lock", "", lockUsage)
	c.RunE = func(_ *cobra.Command, args []string) error {
		s, err := checkSpec(io, args[0], *lock)
		if !*asJSON {
			if err != nil {
				return err
			}
			d, err := spec.Digest(s)
			if err != nil {
				return err
			}
			return printf(io, "%s is valid: %s\n", s.Name, d)
		}
		if err != nil {
			out := checked{Error: err.Error()}
			if list := new(spec.Errors); errors.As(err, &list) {
				out.Error, out.Violations = "", list.Violations
			}
			if perr := printJSON(io, out); perr != nil {
				return perr
			}
			return errShown{err}
		}
		d, err := spec.Digest(s)
		if err != nil {
			return err
		}
		return printJSON(io, checked{Valid: true, Name: s.Name, Digest: d.String()})
	}
	return c
}

func checkSpec(io Streams, name, lock string) (*v1.Spec, error) {
	if lock == "" {
		return readSpec(io, name)
	}
	s, _, _, err := render(io, name, lock)
	return s, err
}

func newSpecExplainCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "explain FILE", Short: "Say in plain words all that a specification lets out",
		Long: `Say in plain words what a specification allows: which data is seen in clear, everything that
can leave and who can read it, who must consent, who holds keys and who relies on what.`,
		Example: "  cleanroom spec explain study.yaml",
		Args:    args("FILE"),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		s, err := readSpec(io, args[0])
		if err != nil {
			return err
		}
		if *asJSON {
			return printJSON(io, spec.Explained(s))
		}
		spec.Explain(s, io.Out)
		return nil
	}
	return c
}

// digests is the result of spec digest.
type digests struct {
	Specification digest.SHA256  `json:"specification"`
	Policy        *digest.SHA256 `json:"policy,omitempty"`
	Contract      *digest.SHA256 `json:"contract,omitempty"`
}

func newSpecDigestCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "digest FILE", Short: "Print a specification's digest, and with a release the contract's",
		Long: `Print the digest of a specification's canonical form: the order of keys, comments and YAML or
JSON make no difference. With --lock also the policy hash and the contract, which is the digest
over both and what the parties vote on.`,
		Example: "  cleanroom spec digest study.yaml\n  cleanroom spec digest --lock release/images.lock study.yaml",
		Args:    args("FILE"),
	}
	asJSON, lock := jsonFlag(c), c.Flags().String("lock", "", lockUsage)
	c.RunE = func(_ *cobra.Command, args []string) error {
		out, err := digestSpec(io, args[0], *lock)
		switch {
		case err != nil:
			return err
		case *asJSON:
			return printJSON(io, out)
		case out.Contract == nil:
			return printf(io, "%s\n", out.Specification)
		}
		return printf(io, "specification  %s\npolicy         %s\ncontract       %s\n", out.Specification, out.Policy, out.Contract)
	}
	return c
}

func digestSpec(io Streams, name, lock string) (out digests, err error) {
	if lock == "" {
		s, err := readSpec(io, name)
		if err != nil {
			return out, err
		}
		out.Specification, err = spec.Digest(s)
		return out, err
	}
	s, _, p, err := render(io, name, lock)
	if err != nil {
		return out, err
	}
	if out.Specification, err = spec.Digest(s); err != nil {
		return out, err
	}
	contract, err := spec.Contract(out.Specification, p.Hash)
	out.Policy, out.Contract = &p.Hash, &contract
	return out, err
}

// difference is the result of spec diff.
type difference struct {
	Same    bool          `json:"same"`
	Changes []spec.Change `json:"changes"`
}

func newSpecDiffCmd(io Streams) *cobra.Command {
	c := &cobra.Command{
		Use: "diff OLD NEW", Short: "Say what differs between two specifications",
		Long: `Say what differs between two specifications, field by field: ~ changed, + new, - gone. Nothing
differs exactly when the digests are equal. Exit code 0 in both cases.`,
		Example: "  cleanroom spec diff agreed.yaml proposed.yaml",
		Args:    args("OLD", "NEW"),
	}
	asJSON := jsonFlag(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		old, err := readSpec(io, args[0])
		if err != nil {
			return err
		}
		new, err := readSpec(io, args[1])
		if err != nil {
			return err
		}
		changes := spec.Diff(old, new)
		if *asJSON {
			return printJSON(io, difference{len(changes) == 0, append([]spec.Change{}, changes...)})
		}
		if len(changes) == 0 {
			return printf(io, "nothing differs\n")
		}
		for _, change := range changes {
			if err := printf(io, "%s\n", change); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}
