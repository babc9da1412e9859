package firewall

import (
	"cmp"
	"context"
	"path/filepath"
	"sync"

	"github.com/coreos/go-iptables/iptables"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/permit"
)

// Operation is what core/governance calls the opening of a room, which the
// fence is part of.
const Operation = "room.open"

const opApply = "firewall.apply"

// Namespace is the application's network namespace, as core/sandbox makes it.
type Namespace interface {
	Do(func() error) error // runs on a thread that is inside
	Up() error             // brings its link up
}

// lockWait is how many seconds iptables may wait for its lock.
const lockWait = 5

// Apply puts rules into a fresh namespace, reads back what the kernel then has,
// and brings the link up only when that is rules and nothing else: with the link
// down no packet meets a half-written filter. p is for room.open of room; v6
// says whether the kernel has IPv6.
func Apply(ctx context.Context, p permit.Permit, room string, ns Namespace, rules []Rule, v6 bool) error {
	if err := p.Check(Operation, room); err != nil {
		return err
	}
	if len(rules) == 0 {
		return fault.New(fault.Invalid, opApply, "no rules")
	}
	if err := each(v6, func(f Family) error {
		return ns.Do(func() error { return put(ctx, f, rules) })
	}); err != nil {
		return err
	}
	if err := ReadBack(ctx, ns, rules, v6); err != nil {
		return err
	}
	return fault.Wrap(opApply, ns.Up())
}

// each calls fn for every family at once: a rule costs one run of iptables. What
// one family lacks the other mostly lacks too, so one error is told.
func each(v6 bool, fn func(Family) error) error {
	families := []Family{IPv4}
	if v6 {
		families = append(families, IPv6)
	}
	var wait sync.WaitGroup
	errs := make([]error, len(families))
	for n, f := range families {
		wait.Go(func() { errs[n] = fn(f) })
	}
	wait.Wait()
	return cmp.Or(errs...)
}

func put(ctx context.Context, f Family, rules []Rule) error {
	ipt, err := open(f)
	if err != nil {
		return err
	}
	for _, r := range rules {
		if r.Family != f {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fault.Wrap(opApply, err)
		}
		if r.Policy != "" {
			err = ipt.ChangePolicy(r.Table, r.Chain, r.Policy)
		} else {
			err = ipt.Append(r.Table, r.Chain, r.Spec...)
		}
		if err != nil {
			return fault.New(fault.Unavailable, opApply, "%v %s %q: %w", f, r.Table, r, err)
		}
	}
	return nil
}

func open(f Family) (*iptables.IPTables, error) {
	protocol := iptables.ProtocolIPv4
	if f == IPv6 {
		protocol = iptables.ProtocolIPv6
	}
	ipt, err := iptables.New(iptables.IPFamily(protocol), iptables.Timeout(lockWait), iptables.Path(program(f)))
	if err != nil {
		return nil, fault.New(fault.Unavailable, opApply, "%s: %w", program(f), err)
	}
	return ipt, nil
}

func program(f Family) string {
	if f == IPv6 {
		return "ip6tables"
	}
	return "iptables"
}

// saver is the program beside iptables that prints all tables in one run.
func saver(f Family, iptables string) string {
	return filepath.Join(filepath.Dir(iptables), program(f)+"-save")
}
