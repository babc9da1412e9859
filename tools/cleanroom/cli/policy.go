package cli

import (
	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

func newPolicyCmd(io Streams) *cobra.Command {
	return group("policy", "The attestation policy of a specification and a release",
		"  cleanroom policy hash --lock release/images.lock study.yaml",
		newPolicyRenderCmd(io), newPolicyHashCmd(io))
}

// rendered is the result of both verbs.
type rendered struct {
	Hash    digest.SHA256 `json:"hash"`
	Command []string      `json:"command,omitempty"`
	Text    string        `json:"text,omitempty"`
}

func newPolicyRenderCmd(io Streams) *cobra.Command {
	return policyCmd(io, "render FILE", "Print the policy that the platform must enforce",
		`Print the execution policy (CCE policy) under which the platform starts the infrastructure's
container. One specification and one release give one text, byte for byte.`,
		func(r rendered) error { return printf(io, "%s", r.Text) }, func(r rendered) any { return r })
}

func newPolicyHashCmd(io Streams) *cobra.Command {
	return policyCmd(io, "hash FILE", "Print the policy's hash, which the hardware reports as HOST_DATA",
		`Print the SHA-256 of the policy's text. The hardware reports it as HOST_DATA, and parties bind
their keys to it.`,
		func(r rendered) error { return printf(io, "%s\n", r.Hash) }, func(r rendered) any { return rendered{Hash: r.Hash} })
}

func policyCmd(io Streams, use, short, long string, text func(rendered) error, data func(rendered) any) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Long: long, Args: args("FILE")}
	c.Example = "  cleanroom policy " + c.Name() + " --lock release/images.lock study.yaml"
	asJSON, lock := jsonFlag(c), c.Flags().String("lock", "", lockUsage+" (required)")
	c.RunE = func(c *cobra.Command, args []string) error {
		if *lock == "" {
			return fault.New(fault.Usage, words(c), "needs --lock, the %s", lockUsage)
		}
		s, l, p, err := render(io, args[0], *lock)
		if err != nil {
			return err
		}
		command, err := policy.Command(s, l)
		if err != nil {
			return err
		}
		r := rendered{Hash: p.Hash, Command: command, Text: p.Text}
		if *asJSON {
			return printJSON(io, data(r))
		}
		return text(r)
	}
	return c
}
