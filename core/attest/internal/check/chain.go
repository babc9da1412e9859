package check

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"

	"github.com/google/go-sev-guest/verify/trust"
)

// certs are the three certificates of a chain, in the order of the evidence.
type certs struct{ vcek, ask, ark *x509.Certificate }

// maxChain bounds a chain's PEM text; AMD's own is below 7 KiB.
const maxChain = 32 << 10

func parseChain(text string) (*certs, error) {
	all, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	if len(all) != 3 {
		return nil, fmt.Errorf("%d certificates, want VCEK, ASK, ARK", len(all))
	}
	return &certs{all[0], all[1], all[2]}, nil
}

// parsePEM reads certificates and nothing else: no other block, header or text.
func parsePEM(text string) ([]*x509.Certificate, error) {
	if len(text) > maxChain {
		return nil, fmt.Errorf("%d bytes of certificates, more than %d", len(text), maxChain)
	}
	var all []*x509.Certificate
	rest := text
	for strings.TrimSpace(rest) != "" {
		if !strings.HasPrefix(rest, "-----BEGIN CERTIFICATE-----") {
			return nil, fmt.Errorf("text between certificates: %.40q", rest)
		}
		block, after := pem.Decode([]byte(rest))
		if block == nil || block.Type != "CERTIFICATE" || len(block.Headers) != 0 {
			return nil, fmt.Errorf("certificate %d: not a PEM certificate", len(all)+1)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(all)+1, err)
		}
		all = append(all, c)
		rest = string(after)
	}
	return all, nil
}

// ParseRoots reads the PEM of ASK and ARK, in this order (that of AMD's KDS), as
// the only root for one product line.
func ParseRoots(line, text string) (Roots, error) {
	all, err := parsePEM(text)
	if err != nil {
		return nil, err
	}
	if len(all) != 2 {
		return nil, fmt.Errorf("%d certificates, want ASK, ARK", len(all))
	}
	r := trust.AMDRootCertsProduct(line)
	r.ProductCerts = &trust.ProductCerts{Ask: all[0], Ark: all[1]}
	return Roots{line: r}, nil
}
