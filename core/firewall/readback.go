package firewall

import (
	"bufio"
	"bytes"
	"context"
	"maps"
	"os/exec"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

const opReadBack = "firewall.readback"

// ReadBack asks the kernel for every table of the namespace and compares: any
// rule, chain or policy that is not in rules, is missing or stands elsewhere is
// Tampered.
func ReadBack(ctx context.Context, ns Namespace, rules []Rule, v6 bool) error {
	return each(v6, func(f Family) error {
		path, err := exec.LookPath(program(f))
		if err != nil {
			return fault.New(fault.Unavailable, opReadBack, "%w", err)
		}
		var out, stderr bytes.Buffer
		cmd := exec.CommandContext(ctx, saver(f, path))
		cmd.Env = []string{"LC_ALL=C"}
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := ns.Do(cmd.Run); err != nil {
			return fault.New(fault.Unavailable, opReadBack, "%s: %w: %.200s", cmd.Path, err, &stderr)
		}
		return Compare(f, rules, out.Bytes())
	})
}

// Compare refuses unless saved, the output of iptables-save for family f, holds
// exactly rules. Built-in chains that no rule speaks of must be empty and accept.
func Compare(f Family, rules []Rule, saved []byte) error {
	got, err := parse(saved)
	if err != nil {
		return err
	}
	want := map[string][]string{} // by "table chain": policy, then rules
	for table, names := range chains {
		for _, chain := range names {
			want[table+" "+chain] = []string{":" + chain + " ACCEPT"}
		}
	}
	for _, r := range rules {
		if r.Family != f {
			continue
		}
		key := r.Table + " " + r.Chain
		if want[key] == nil {
			return fault.New(fault.Invalid, opReadBack, "%v: no built-in chain %s", f, key)
		}
		if r.Policy != "" {
			want[key][0] = r.String()
		} else {
			want[key] = append(want[key], r.String())
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		have := got[key]
		delete(got, key)
		// A table that was never touched is not printed: then it accepts.
		if have == nil && len(want[key]) == 1 && strings.HasSuffix(want[key][0], " ACCEPT") {
			continue
		}
		if !slices.Equal(have, want[key]) {
			return fault.New(fault.Tampered, opReadBack, "%v %s: the kernel has %q, want %q", f, key, have, want[key])
		}
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		table, chain, _ := strings.Cut(key, " ")
		// Other tables, which a backend may print, change nothing while they are empty.
		if _, ours := chains[table]; ours || !slices.Equal(got[key], []string{":" + chain + " ACCEPT"}) {
			return fault.New(fault.Tampered, opReadBack, "%v %s: the kernel has %q, want nothing", f, key, got[key])
		}
	}
	return nil
}

// parse reads iptables-save's output into lines by "table chain", the chain's
// policy first. A line it does not know is an error: it could be a rule.
func parse(saved []byte) (map[string][]string, error) {
	got := map[string][]string{}
	table := ""
	lines := bufio.NewScanner(bytes.NewReader(saved))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		fields := strings.Fields(line)
		switch {
		case line == "" || line[0] == '#':
		case line == "COMMIT" && table != "":
			table = ""
		case line[0] == '*' && len(fields) == 1 && table == "":
			table = line[1:]
		case line[0] == ':' && len(fields) == 3 && table != "" && got[table+" "+fields[0][1:]] == nil:
			got[table+" "+fields[0][1:]] = []string{fields[0] + " " + fields[1]} // without counters
		case fields[0] == "-A" && len(fields) > 2 && got[table+" "+fields[1]] != nil:
			key := table + " " + fields[1]
			got[key] = append(got[key], line)
		default:
			return nil, fault.New(fault.Tampered, opReadBack, "cannot read the line %.200q", line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fault.New(fault.Tampered, opReadBack, "%w", err)
	}
	if table != "" {
		return nil, fault.New(fault.Tampered, opReadBack, "table %.80s is cut off", table)
	}
	return got, nil
}
