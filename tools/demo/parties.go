package demo

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/cleanroom-dev/cleanroom/core/attest/sim"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	brokerclient "github.com/cleanroom-dev/cleanroom/tools/service/broker/client"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

// The parties, and which of them hold data.
const (
	north     = "north-hospital"
	south     = "south-hospital"
	institute = "institute"
)

// hospitals by the name of their source.
var hospitals = map[string]string{"north": north, "south": south}

// party is one of the three; its keys live in this process alone.
type party struct {
	client.Party
	seal *secret.Bytes // HPKE private key: the institute's
	kek  *secret.Bytes // the hospitals'
}

func (d *demo) makeParties() error {
	for _, name := range []string{north, south, institute} {
		pub, priv, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			return err
		}
		if d.OnSecret != nil {
			d.OnSecret(name+" signing key", priv.Seed())
		}
		p := &party{Party: client.Party{Name: name, Key: priv}}
		d.parties[name] = p
		d.set(name+".signKey", b64(pub))
		if name == institute {
			var public []byte
			if p.seal, public, err = sealed.NewSealKey(); err != nil {
				return err
			}
			d.known(name+" private key", p.seal)
			d.later(func() error { p.seal.Destroy(); return nil })
			d.set(name+".sealKey", b64(public))
			continue
		}
		if p.kek, err = secret.Read(rand.Reader, 32); err != nil {
			return err
		}
		d.known(name+" KEK", p.kek)
		d.later(func() error { p.kek.Destroy(); return nil })
	}
	var err error
	d.device, err = sim.NewDevice(digest.Of([]byte("no policy yet")))
	return err
}

// known tells a test which bytes must be found nowhere.
func (d *demo) known(name string, s *secret.Bytes) {
	if d.OnSecret != nil {
		_ = s.Use(func(b []byte) error { d.OnSecret(name, b); return nil }) // just made: it can be used
	}
}

// ledger is the governance service.
type ledger struct {
	*process
	client *client.Client
}

func (d *demo) startLedger(ctx context.Context) error {
	var ready struct {
		Address string `json:"address"`
		Key     []byte `json:"key"`
	}
	args := []string{"--listen", "127.0.0.1:0", "--dir", filepath.Join(d.dir, "governance")}
	for name, p := range d.parties {
		args = append(args, "--party", name+"="+b64(p.Key.Public().(ed25519.PublicKey)))
	}
	p, err := d.launchJSON(ctx, "governance", &ready, d.bin("governance"), args...)
	if err != nil {
		return err
	}
	c, err := client.New(ready.Address, client.Options{Key: ready.Key})
	if err != nil {
		return err
	}
	d.ledger = &ledger{p, c}
	for _, key := range []string{"key.pem", "checkpoint.key"} {
		d.later(func() error { return os.Remove(filepath.Join(d.dir, "governance", key)) })
	}
	d.later(func() error { c.Close(); return nil })
	d.set("governance", ready.Address)
	d.set("governance.answerKey", b64(ready.Key))
	return nil
}

// keyBroker is one hospital's key service.
type keyBroker struct {
	*process
	admin *brokerclient.Admin
}

func (d *demo) startBrokers(ctx context.Context) error {
	root := filepath.Join(d.dir, "sim-root.pem")
	if err := os.WriteFile(root, d.device.Root(), 0o600); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	for source, owner := range hospitals {
		g.Go(func() error { return d.startBroker(ctx, source, owner, root) })
	}
	return g.Wait()
}

func (d *demo) startBroker(ctx context.Context, source, owner, root string) error {
	dir := filepath.Join(d.dir, source+"-broker")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	signKey := filepath.Join(dir, "sign.pem")
	if err := writeSignKey(signKey); err != nil {
		return err
	}
	d.later(func() error { return os.Remove(signKey) })
	var ready struct {
		URL       string `json:"url"`
		Admin     string `json:"admin"`
		AnswerKey string `json:"answerKey"`
	}
	p, err := d.launchJSON(ctx, source+"-broker", &ready, d.bin("broker-sim"), "--listen", "127.0.0.1:0", "--admin", "unix:"+filepath.Join(dir, "admin"),
		"--dir", dir, "--sign-key", signKey, "--sim-root", root)
	if err != nil {
		return err
	}
	admin, err := brokerclient.New(ready.Admin)
	if err != nil {
		return err
	}
	d.mu.Lock()
	d.brokers[owner] = &keyBroker{p, admin}
	d.mu.Unlock()
	d.set(source+"-broker.url", ready.URL)
	d.set(source+"-broker.answerKey", ready.AnswerKey)
	return nil
}

func writeSignKey(path string) error {
	_, priv, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func b64(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
