package sim

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/google/go-sev-guest/abi"
	"github.com/google/go-sev-guest/kds"
)

const (
	line    = "Milan"
	product = "Milan-B1"
	// life of all three certificates: longer than any test or demo.
	life = 30 * 24 * time.Hour
	// rsaBits is half of AMD's: these keys guard nothing, and are made for each device.
	rsaBits = 2048
)

// newChip makes ARK, ASK and VCEK in the shape of AMD's KDS (AMD 57230) and
// forgets the first two private keys: nothing else can be signed under them.
func newChip() (*Device, error) {
	ark, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, err
	}
	ask, err := rsa.GenerateKey(rand.Reader, rsaBits)
	if err != nil {
		return nil, err
	}
	vcek, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return certify(ark, ask, vcek, time.Now())
}

func certify(ark, ask *rsa.PrivateKey, vcek *ecdsa.PrivateKey, now time.Time) (*Device, error) {
	arkCert, err := sign(authority("ARK-"+line, now, 1), nil, ark.Public(), ark)
	if err != nil {
		return nil, err
	}
	askCert, err := sign(authority("SEV-"+line, now, 2), arkCert, ask.Public(), ark)
	if err != nil {
		return nil, err
	}
	leaf := &x509.Certificate{SerialNumber: big.NewInt(0), Subject: amd("SEV-VCEK")}
	leaf.NotBefore, leaf.NotAfter = now.Add(-time.Hour), now.Add(life)
	leaf.SignatureAlgorithm = x509.SHA384WithRSAPSS
	if leaf.ExtraExtensions, err = extensions(); err != nil {
		return nil, err
	}
	vcekCert, err := sign(leaf, askCert, vcek.Public(), ask)
	if err != nil {
		return nil, err
	}
	root := pemOf(askCert) + pemOf(arkCert)
	return &Device{key: vcek, chain: pemOf(vcekCert) + root, root: root}, nil
}

func authority(name string, now time.Time, serial int64) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(serial),
		Subject:               amd(name),
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(life),
		SignatureAlgorithm:    x509.SHA384WithRSAPSS,
		CRLDistributionPoints: []string{kds.CrlLinkByKey(line, abi.VcekReportSigner)}, // part of the shape; never fetched
		KeyUsage:              x509.KeyUsageCertSign,
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
}

// sign makes a certificate; parent nil means self-signed.
func sign(c, parent *x509.Certificate, pub crypto.PublicKey, by *rsa.PrivateKey) (*x509.Certificate, error) {
	if parent == nil {
		parent = c
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, pub, by)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// amd is a name as AMD writes it; the verification requires it. The
// organisational unit it prescribes leaves no room for a mark of simulation, so
// that is in the serial number.
func amd(name string) pkix.Name {
	return pkix.Name{
		CommonName: name, SerialNumber: "SIMULATED",
		Organization: []string{"Advanced Micro Devices"}, OrganizationalUnit: []string{"Engineering"},
		Country: []string{"US"}, Province: []string{"CA"}, Locality: []string{"Santa Clara"},
	}
}

// extensions are those of a VCEK: product, patch levels and the chip's id.
func extensions() ([]pkix.Extension, error) {
	name, err := asn1.MarshalWithParams(product, "ia5")
	if err != nil {
		return nil, err
	}
	all := []pkix.Extension{{Id: kds.OidProductName1, Value: name}, {Id: kds.OidHwid, Value: chipID[:]}}
	for _, v := range []struct {
		id    asn1.ObjectIdentifier
		value uint8
	}{
		{kds.OidStructVersion, 0}, {kds.OidBlSpl, Floor.Bootloader}, {kds.OidTeeSpl, Floor.TEE},
		{kds.OidSnpSpl, Floor.SNP}, {kds.OidUcodeSpl, Floor.Microcode},
		{kds.OidSpl4, 0}, {kds.OidSpl5, 0}, {kds.OidSpl6, 0}, {kds.OidSpl7, 0},
	} {
		b, err := asn1.Marshal(int(v.value))
		if err != nil {
			return nil, err
		}
		all = append(all, pkix.Extension{Id: v.id, Value: b})
	}
	return all, nil
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}
