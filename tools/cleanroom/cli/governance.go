package cli

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

func newGovernanceCmd(io Streams) *cobra.Command {
	return group("governance", "The governance service, and a party's words to it",
		"  cleanroom governance contract --service http://127.0.0.1:8080",
		newServeCmd(io), newInitCmd(io), newProposeCmd(io), newVoteCmd(io), newConsentCmd(io), newContractCmd(io), newEventsCmd(io))
}

// service says which governance service a command talks to.
type service struct{ address, ca, key string }

func serviceFlags(c *cobra.Command) *service {
	s := &service{}
	c.Flags().StringVar(&s.address, "service", "", "the service: http://…, https://… or unix:PATH (required)")
	c.Flags().StringVar(&s.ca, "ca", "", "PEM `file` with the only authorities believed for https (default: the system's)")
	c.Flags().StringVar(&s.key, "service-key", "", "the service's public `key`, base64: what specifications pin as answerKey (default: what it says is believed)")
	return s
}

// connect returns a client of the service. Nothing is sent yet.
func (s *service) connect(io Streams, op string) (*client.Client, error) {
	if s.address == "" {
		return nil, fault.New(fault.Usage, op, "needs --service")
	}
	var o client.Options
	var err error
	if s.ca != "" {
		if o.CA, err = readFile(io, s.ca); err != nil {
			return nil, err
		}
	}
	if s.key != "" {
		if o.Key, err = publicKey(op, "--service-key", s.key); err != nil {
			return nil, err
		}
	}
	c, err := client.New(s.address, o)
	if err != nil {
		return nil, fault.New(fault.Usage, op, "--service: %w", err)
	}
	return c, nil
}

// publicKey reads an Ed25519 or X25519 public key from a flag.
func publicKey(op, flag, text string) ([]byte, error) {
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != 32 {
		return nil, fault.New(fault.Usage, op, "%s: must be a public key of 32 bytes in base64 (got %.80q)", flag, text)
	}
	return b, nil
}

func parseDigest(op, what, text string) (digest.SHA256, error) {
	d, err := digest.Parse(text)
	if err != nil {
		return d, fault.New(fault.Usage, op, "%s: %w", what, err)
	}
	return d, nil
}

// sameParties says where the service's parties are not the specification's: then their
// votes would not be the parties' votes.
func sameParties(s *v1.Spec, parties []api.Party) error {
	key := map[string]string{}
	for _, p := range s.Parties {
		key[p.Name] = p.SignKey
	}
	var wrong []string
	for _, p := range parties {
		switch k, ok := key[p.Name]; {
		case !ok:
			wrong = append(wrong, p.Name+" is no party of the specification")
		case k != base64.StdEncoding.EncodeToString(p.Key):
			wrong = append(wrong, p.Name+" has another key at the service")
		}
		delete(key, p.Name)
	}
	for name := range key {
		wrong = append(wrong, name+" is not registered at the service")
	}
	if wrong == nil {
		return nil
	}
	slices.Sort(wrong)
	return fault.New(fault.Invalid, "governance.parties", "%s", strings.Join(wrong, "; "))
}

// tally is what a contract's signed acts add up to.
type tally struct {
	votes    map[string]bool
	switches map[string][]string
}

// count verifies the acts about a contract and adds them up. The client has verified
// every signature; Tampered is an answer of the service that its acts do not support.
func count(ctx context.Context, c *client.Client, claimed api.Contract) error {
	acts, err := c.Acts(ctx, claimed.Contract)
	if err != nil {
		return err
	}
	t := tally{map[string]bool{}, map[string][]string{}}
	for _, l := range acts {
		a, err := l.Act.Parse()
		if err != nil {
			return err
		}
		switch a.Kind {
		case api.Vote:
			t.votes[a.Party] = a.Yes
		case api.Switch:
			t.turn(a)
		}
	}
	for party, yes := range claimed.Votes {
		if t.votes[party] != yes {
			return fault.New(fault.Tampered, "governance.contract", "the service says that %s voted %t, its signed votes do not", party, yes)
		}
	}
	for party, on := range claimed.Switches {
		if !slices.Equal(on, t.switches[party]) {
			return fault.New(fault.Tampered, "governance.contract", "the service says that %s consents to %q, its signed switches say %q", party, on, t.switches[party])
		}
	}
	return nil
}

func (t tally) turn(a api.Act) {
	on := slices.DeleteFunc(t.switches[a.Party], func(op string) bool { return slices.Contains(a.Operations, op) })
	if a.Yes {
		on = append(on, a.Operations...)
	}
	slices.Sort(on)
	t.switches[a.Party] = slices.Compact(on)
}

func yesNo(m map[string]bool, name string) string {
	yes, ok := m[name]
	switch {
	case !ok:
		return "not yet"
	case yes:
		return "yes"
	}
	return "no"
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
