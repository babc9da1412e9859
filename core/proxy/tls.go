package proxy

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"time"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// keyPair is PEM that only Envoy reads, from a file in memory of the room.
type keyPair struct{ cert, key []byte }

// Certificates end with the room, not with a date: no decision rests on its clock.
var (
	notBefore = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2120, 1, 1, 0, 0, 0, 0, time.UTC)
)

// roomCA makes a CA for the declared TLS hosts and their certificates. The CA's
// key is forgotten on return; the CA itself can certify no other name.
func roomCA(routes []*plannedRoute) (ca []byte, certs map[string]keyPair, err error) {
	const op = "proxy.ca"
	var hosts []string
	certs = map[string]keyPair{}
	for _, r := range routes {
		if r.TLS == nil {
			continue
		}
		if err := onlyCertificates([]byte(r.TLS.CA)); err != nil {
			return nil, nil, fault.New(fault.Invalid, op, "route %s: tls.ca: %w", r.Name, err)
		}
		hosts = append(hosts, r.Host)
	}
	if len(hosts) == 0 {
		return nil, certs, nil
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, op, "%w", err)
	}
	parent := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "clean room proxy"}, NotBefore: notBefore, NotAfter: notAfter,
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: hosts,
	}
	der, err := x509.CreateCertificate(rand.Reader, parent, parent, &caKey.PublicKey, caKey)
	if err != nil {
		return nil, nil, fault.New(fault.Internal, op, "%w", err)
	}
	if parent, err = x509.ParseCertificate(der); err != nil {
		return nil, nil, fault.New(fault.Internal, op, "%w", err)
	}
	for i, host := range hosts {
		if certs[host], err = leaf(host, int64(i+2), parent, caKey); err != nil {
			return nil, nil, fault.New(fault.Internal, op, "%s: %w", host, err)
		}
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), certs, nil
}

func leaf(host string, serial int64, parent *x509.Certificate, caKey *ecdsa.PrivateKey) (keyPair, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return keyPair{}, err
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "clean room route"}, NotBefore: notBefore, NotAfter: notAfter,
		DNSNames: []string{host}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, caKey)
	if err != nil {
		return keyPair{}, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}, nil
}

// onlyCertificates refuses PEM with anything but certificates in it.
func onlyCertificates(b []byte) error {
	n := 0
	for b = bytes.TrimSpace(b); len(b) > 0; b = bytes.TrimSpace(b) {
		block, rest := pem.Decode(b)
		if block == nil || block.Type != "CERTIFICATE" {
			return fault.New(fault.Invalid, "proxy.ca", "holds something that is no certificate")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return err
		}
		n, b = n+1, rest
	}
	if n == 0 {
		return fault.New(fault.Invalid, "proxy.ca", "holds no certificate")
	}
	return nil
}

var tlsParams = &tlsv3.TlsParameters{TlsMinimumProtocolVersion: tlsv3.TlsParameters_TLSv1_2, TlsMaximumProtocolVersion: tlsv3.TlsParameters_TLSv1_3}

func downstreamTLS(k keyPair) *corev3.TransportSocket {
	return tlsSocket(pack(&tlsv3.DownstreamTlsContext{CommonTlsContext: &tlsv3.CommonTlsContext{
		TlsParams:       tlsParams,
		TlsCertificates: []*tlsv3.TlsCertificate{{CertificateChain: inline(k.cert), PrivateKey: inline(k.key)}},
		AlpnProtocols:   []string{"h2", "http/1.1"},
	}}))
}

// upstreamTLS trusts the route's CA alone, and of it only the declared name.
func upstreamTLS(r *plannedRoute) *corev3.TransportSocket {
	name := &matcherv3.StringMatcher{MatchPattern: &matcherv3.StringMatcher_Exact{Exact: r.TLS.ServerName}}
	return tlsSocket(pack(&tlsv3.UpstreamTlsContext{
		Sni: r.TLS.ServerName,
		CommonTlsContext: &tlsv3.CommonTlsContext{
			TlsParams:     tlsParams,
			AlpnProtocols: []string{"http/1.1"},
			ValidationContextType: &tlsv3.CommonTlsContext_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{
				TrustedCa:                 inline([]byte(r.TLS.CA)),
				MatchTypedSubjectAltNames: []*tlsv3.SubjectAltNameMatcher{{SanType: tlsv3.SubjectAltNameMatcher_DNS, Matcher: name}},
			}},
		},
		MaxSessionKeys: wrapperspb.UInt32(0),
	}))
}

func tlsSocket(config *anypb.Any) *corev3.TransportSocket {
	return &corev3.TransportSocket{Name: "envoy.transport_sockets.tls", ConfigType: &corev3.TransportSocket_TypedConfig{TypedConfig: config}}
}

func inline(b []byte) *corev3.DataSource {
	return &corev3.DataSource{Specifier: &corev3.DataSource_InlineBytes{InlineBytes: b}}
}
