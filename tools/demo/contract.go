package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/governance"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/proxy"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/tools/service/broker"
)

// appImage is the application's name in images.lock.
const appImage = "demo-app"

// specify fills the specification in, checks it, and renders the policy that the
// built images give.
func (d *demo) specify(context.Context) (string, error) {
	var err error
	if d.lock, err = os.ReadFile(filepath.Join(d.Release, "images.lock")); err != nil {
		return "", fault.New(fault.Unavailable, "release", "%w", err)
	}
	if d.parsed, err = policy.ParseLock(d.lock); err != nil {
		return "", err
	}
	d.lockDigest = digest.Of(d.lock)
	image, err := d.parsed.Image(appImage)
	if err != nil {
		return "", err
	}
	d.set("image", image.Manifest.String())
	command, err := json.Marshal(d.command)
	if err != nil {
		return "", err
	}
	d.set("command", string(command))
	rules, err := proxy.BundleDigest(os.DirFS(d.policyDir()))
	if err != nil {
		return "", err
	}
	d.set("reference.policy", rules.String())

	template, err := os.ReadFile(filepath.Join(d.Files, "cleanroom.yaml"))
	if err != nil {
		return "", fault.New(fault.Usage, "demo", "--files: %w", err)
	}
	if d.document, err = d.fill(string(template)); err != nil {
		return "", err
	}
	if d.spec, err = spec.Decode("cleanroom.yaml", d.document); err != nil {
		return "", err
	}
	if d.digest, err = spec.Digest(d.spec); err != nil {
		return "", err
	}
	if d.policy, err = policy.Render(d.spec, d.parsed); err != nil {
		return "", err
	}
	if d.contract, err = spec.Contract(d.digest, d.policy.Hash); err != nil {
		return "", err
	}
	d.summary.Contract, d.summary.Policy = d.contract.String(), d.policy.Hash.String()
	return "contract " + d.contract.String(), d.writeBundle(image.Manifest)
}

// explain shows a person what they have just agreed to: all that can leave.
func (d *demo) explain() {
	for _, e := range spec.Explained(d.spec).Leaves {
		d.ui.say("          can leave: %-9s %-22s %-6s at most %s", e.Kind, e.Name, e.Mode, e.Bound)
	}
	d.ui.say("          nothing else; `cleanroom spec explain` says it all")
}

// fill replaces every ${name}; one that nobody has set is an error.
func (d *demo) fill(template string) ([]byte, error) {
	var missing []string
	text := os.Expand(template, func(name string) string {
		v, ok := d.values[name]
		if !ok && name != "…" {
			missing = append(missing, name)
		}
		return v
	})
	if missing != nil {
		return nil, fault.New(fault.Invalid, "cleanroom.yaml", "nothing is known for %s", strings.Join(missing, ", "))
	}
	return []byte(text), nil
}

func (d *demo) policyDir() string { return filepath.Join(d.Files, "policies", "reference") }

// writeBundle lays out what the room's operator gives to cleanroomd.
func (d *demo) writeBundle(image digest.SHA256) error {
	bundle := filepath.Join(d.dir, "bundle")
	layout := filepath.Join(bundle, "images", image.Hex())
	if err := unpack(filepath.Join(d.Release, "images", appImage+".tar"), layout); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(bundle, "policies", "reference"), os.DirFS(d.policyDir())); err != nil {
		return err
	}
	read, write := sas.ContainerPermissions{Read: true, List: true}, sas.ContainerPermissions{Read: true, Create: true, Write: true, Delete: true}
	tokens := map[string]string{}
	for name, p := range map[string]sas.ContainerPermissions{"source/north": read, "source/south": read, "sink/result": write} {
		t, err := d.blobs.token(path.Base(name), p)
		if err != nil {
			return err
		}
		tokens[name] = t
	}
	credentials, err := json.Marshal(tokens)
	if err != nil {
		return err
	}
	for name, b := range map[string][]byte{"spec.yaml": d.document, "images.lock": d.lock, "credentials.json": credentials} {
		if err := os.WriteFile(filepath.Join(bundle, name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// agree has every party vote for the contract and switch its consent on, and
// each hospital hand its key to its own broker.
func (d *demo) agree(ctx context.Context) (string, error) {
	document, err := spec.Canonical(d.spec)
	if err != nil {
		return "", err
	}
	contract, err := d.ledger.client.Propose(ctx, d.parties[institute].Party, document, []byte(d.policy.Text))
	if err != nil {
		return "", err
	}
	if !contract.Equal(d.contract) {
		return "", fault.New(fault.Internal, "contract", "the service says %s, this is %s", contract, d.contract)
	}
	for _, name := range []string{north, south, institute} {
		p := d.parties[name].Party
		if err := d.ledger.client.Vote(ctx, p, contract, true); err != nil {
			return "", err
		}
		on := slices.DeleteFunc(governance.Operations(), func(op string) bool {
			return !governance.NeedsConsent(op) || (name == north && op == d.off)
		})
		if err := d.ledger.client.Switch(ctx, p, contract, true, on...); err != nil {
			return "", err
		}
	}
	host := d.policy.Hash
	if d.Fault == "wrong-policy" {
		host = digest.Of([]byte("the policy of another build"))
	}
	for source, owner := range hospitals {
		p := broker.Policy{HostData: host, Platform: d.spec.Platform, Contract: contract, MinimumTCB: sim.Floor}
		if err := d.brokers[owner].admin.Import(ctx, source+"-kek", d.parties[owner].kek, p); err != nil {
			return "", err
		}
	}
	guest, err := d.device.WithHostData(d.policy.Hash)
	if err != nil {
		return "", err
	}
	device := filepath.Join(d.dir, "device")
	if err := os.MkdirAll(device, 0o700); err != nil {
		return "", err
	}
	d.later(func() error { return os.RemoveAll(device) })
	return fmt.Sprintf("%d votes, consent on, keys at two brokers", len(d.parties)), guest.Save(device)
}
