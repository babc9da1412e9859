package wire

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"os"
	"strings"
	"time"
)

// Both sides speak go-plugin's AutoMTLS: the host's certificate goes to the plugin in its
// environment, the plugin's comes back in the sixth field of its first line, and each
// believes that one certificate alone. Only the keys are made here. go-plugin makes them on
// P-521, for which Go has no assembly: 40 ms of processor time for every plugin, half of
// what its start takes. The protocol leaves the curve open, so a plugin that knows nothing
// of this still connects.

const (
	clientCertificate = "PLUGIN_CLIENT_CERT" // environment variable of AutoMTLS, PEM
	serverName        = "localhost"
	certificateField  = 5 // of the plugin's first line, counted from 0
)

// lifetime is longer than any room's.
const lifetime = 30 * 365 * 24 * time.Hour

// certificate makes a key and a self-signed certificate of it, for one side of one
// connection.
func certificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: serverName}, DNSNames: []string{serverName},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(lifetime), IsCA: true, BasicConstraintsValid: true,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// mutual is a configuration that believes peer alone, as a client and as a server.
func mutual(own tls.Certificate, peer *x509.CertPool) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert,
		RootCAs: peer, ClientCAs: peer, ServerName: serverName, MinVersion: tls.VersionTLS13,
	}
}

// hostTLS is the host's side of one connection. It believes nobody before go-plugin has
// put in the certificate of the plugin's first line. The variable goes to the plugin.
func hostTLS() (config *tls.Config, variable string, err error) {
	own, err := certificate()
	if err != nil {
		return nil, "", err
	}
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: own.Certificate[0]})
	return mutual(own, x509.NewCertPool()), clientCertificate + "=" + string(block), nil
}

// pluginTLS is the plugin's side. It puts its certificate into the line that go-plugin is
// about to write to standard output.
func pluginTLS() (*tls.Config, error) {
	host := x509.NewCertPool()
	if !host.AppendCertsFromPEM([]byte(os.Getenv(clientCertificate))) {
		return nil, errors.New(clientCertificate + " holds no certificate of a host")
	}
	own, err := certificate()
	if err != nil {
		return nil, err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	stdout := os.Stdout
	os.Stdout = w // go-plugin puts another in its place once it has written the line
	go func() {
		defer r.Close()
		defer w.Close()
		line, err := bufio.NewReader(r).ReadString('\n')
		if err != nil {
			return
		}
		_, _ = io.WriteString(stdout, withCertificate(line, own.Certificate[0])) // without it the host gives up
	}()
	return mutual(own, host), nil
}

// withCertificate puts a certificate into a plugin's first line.
func withCertificate(line string, der []byte) string {
	fields := strings.Split(line, "|")
	if len(fields) > certificateField {
		fields[certificateField] = base64.RawStdEncoding.EncodeToString(der) + fields[certificateField] // which is empty, or the line's end
	}
	return strings.Join(fields, "|")
}
