package wire

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net"
	"strings"
	"testing"
)

// side is one side of a connection: its key, and whom it believes.
type side struct {
	own   tls.Certificate
	peers *x509.CertPool
}

func newSide(t *testing.T) side {
	t.Helper()
	c, err := certificate()
	if err != nil {
		t.Fatal(err)
	}
	return side{c, x509.NewCertPool()}
}

func (s side) believes(t *testing.T, other side) side {
	t.Helper()
	c, err := x509.ParseCertificate(other.own.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	s.peers.AddCert(c)
	return s
}

// meet returns what each side says of the other.
func meet(client, server *tls.Config) (ofServer, ofClient error) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	done := make(chan error, 1)
	go func() {
		c := tls.Server(b, server)
		err := c.Handshake()
		if err == nil {
			_, err = c.Write([]byte("x"))
		}
		b.Close()
		done <- err
	}()
	c := tls.Client(a, client)
	ofServer = c.Handshake()
	if ofServer == nil {
		_, ofServer = c.Read(make([]byte, 1)) // a client hears of its refusal only now
	}
	a.Close()
	return ofServer, <-done
}

func TestEachSideBelievesTheOtherAlone(t *testing.T) {
	host, plugin, stranger := newSide(t), newSide(t), newSide(t)
	for name, tc := range map[string]struct {
		client, server side
		meets          bool
	}{
		"host and plugin":                  {side{host.own, x509.NewCertPool()}.believes(t, plugin), side{plugin.own, x509.NewCertPool()}.believes(t, host), true},
		"a stranger in the plugin's place": {side{host.own, x509.NewCertPool()}.believes(t, plugin), side{stranger.own, x509.NewCertPool()}.believes(t, host), false},
		"a stranger in the host's place":   {side{stranger.own, x509.NewCertPool()}.believes(t, plugin), side{plugin.own, x509.NewCertPool()}.believes(t, host), false},
		"a host that was told of nobody":   {host, side{plugin.own, x509.NewCertPool()}.believes(t, host), false},
		"a plugin that was told of nobody": {side{host.own, x509.NewCertPool()}.believes(t, plugin), side{plugin.own, x509.NewCertPool()}, false},
	} {
		t.Run(name, func(t *testing.T) {
			ofServer, ofClient := meet(mutual(tc.client.own, tc.client.peers), mutual(tc.server.own, tc.server.peers))
			if met := ofServer == nil && ofClient == nil; met != tc.meets {
				t.Errorf("met: %t, want %t (%v, %v)", met, tc.meets, ofServer, ofClient)
			}
		})
	}
}

func TestAPluginWithoutAHostsCertificateServesNobody(t *testing.T) {
	for _, v := range []string{"", "no PEM"} {
		t.Setenv(clientCertificate, v)
		if _, err := pluginTLS(); err == nil || !strings.Contains(err.Error(), clientCertificate) {
			t.Errorf("pluginTLS with %q = %v", v, err)
		}
	}
}

func TestTheCertificateIsTheLinesSixthField(t *testing.T) {
	der := []byte{1, 2, 3}
	b64 := base64.RawStdEncoding.EncodeToString(der)
	for in, want := range map[string]string{
		"1|1|unix|/run/s|grpc|\n":      "1|1|unix|/run/s|grpc|" + b64 + "\n",
		"1|1|unix|/run/s|grpc||true\n": "1|1|unix|/run/s|grpc|" + b64 + "|true\n",
		"no line of go-plugin's\n":     "no line of go-plugin's\n",
	} {
		if got := withCertificate(in, der); got != want {
			t.Errorf("withCertificate(%q) = %q, want %q", in, got, want)
		}
	}
}
