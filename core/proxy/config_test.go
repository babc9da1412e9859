package proxy

import (
	"bytes"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"

	"github.com/cleanroom-dev/cleanroom/internal/needs"
)

func threeRoutes(t testing.TB, ca string) []*plannedRoute {
	t.Helper()
	first, second, third := outbound("ref.example:8080"), outbound("ref.example:8081"), outbound("api.example:443")
	second.Name, second.Port = "second", 8080
	third.Name, third.Host, third.Port, third.MaxBody = "third", "secure.demo", 443, 1<<20
	third.TLS = &v1.RouteTLS{CA: ca, ServerName: "api.example"}
	routes, err := plan([]Route{routeOf(t, first, everything), routeOf(t, second, everything), routeOf(t, third, everything)}, standard().base)
	if err != nil {
		t.Fatal(err)
	}
	return routes
}

func TestPlan(t *testing.T) {
	routes := threeRoutes(t, "PEM")
	var got []string
	for _, r := range routes {
		got = append(got, r.address.String()+" "+strings.Join(r.authorities(), ","))
		if !Synthetic.Contains(r.address) {
			t.Errorf("%s is outside %s", r.address, Synthetic)
		}
	}
	want := "198.18.0.1 api.demo,api.demo:80; 198.18.0.1 api.demo:8080; 198.18.0.2 secure.demo,secure.demo:443"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("plan = %s, want %s", s, want)
	}
}

func TestConfigGolden(t *testing.T) {
	c := envoyConfig{
		listen: standard().envoy, dir: "/room/proxy", routes: threeRoutes(t, "upstream CA"),
		certs: map[string]keyPair{"secure.demo": {[]byte("certificate"), []byte("key")}},
	}
	got, err := c.write()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/envoy.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the configuration differs from %s; run with -update and read the difference:\n%s", golden, got)
	}
	for _, never := range []string{`"admin"`, `"socketAddress": {"address": "0.0.0.0"`, "accessLog", "dynamicResources", "dnsLookup", "failureModeAllow", "STRICT_DNS"} {
		if bytes.Contains(got, []byte(never)) {
			t.Errorf("the configuration has %s", never)
		}
	}
}

func TestEnvoyAcceptsTheConfiguration(t *testing.T) {
	path := needs.Envoy(t)
	plain := threeRoutes(t, "PEM")
	ca, _, err := roomCA(nil)
	if err != nil || ca != nil {
		t.Fatalf("a CA without TLS routes: %v, %v", ca, err)
	}
	// Any CA serves as the upstream's.
	if ca, _, err = roomCA(threeRoutes(t, selfSigned(t))); err != nil {
		t.Fatal(err)
	}
	withTLS := threeRoutes(t, string(ca))
	_, certs, err := roomCA(withTLS)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]envoyConfig{
		"three routes": {listen: standard().envoy, routes: withTLS, certs: certs},
		"one route":    {listen: netip.MustParseAddrPort("127.0.0.1:15001"), routes: plain[:1]},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.dir = dir
			b, err := c.write()
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "envoy.json")
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), path, "--config-path", file, "--mode", "validate", "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("envoy --mode validate: %v\n%s", err, out)
			}
			for _, word := range []string{"deprecated", "[warning]"} {
				if bytes.Contains(out, []byte(word)) {
					t.Errorf("envoy --mode validate says %s:\n%s", word, out)
				}
			}
		})
	}
}

func TestRoomCA(t *testing.T) {
	routes := threeRoutes(t, selfSigned(t))
	ca, certs, err := roomCA(routes)
	if err != nil {
		t.Fatal(err)
	}
	if len(certs) != 1 || bytes.Contains(ca, []byte("PRIVATE")) {
		t.Errorf("roomCA = %s, %d certificates", ca, len(certs))
	}
	for name, bad := range map[string]string{"a key among them": "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n", "nothing": "\n", "text": "x", "no certificate inside": "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"} {
		if _, _, err := roomCA(threeRoutes(t, bad)); err == nil {
			t.Errorf("an upstream CA with %s was accepted", name)
		}
	}
}

func TestConfined(t *testing.T) {
	const good = "Name:\tenvoy\nUid:\t9\t9\t9\t9\nGid:\t9\t9\t9\t9\nGroups:\t \nCapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapBnd:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t1\n"
	if err := confined(good, 9, true); err != nil {
		t.Errorf("confined = %v", err)
	}
	for name, bad := range map[string]string{
		"another user":               strings.Replace(good, "9\t9\t9\t9", "9\t0\t9\t9", 1),
		"a group":                    strings.Replace(good, "Groups:\t ", "Groups:\t0", 1),
		"a capability":               strings.Replace(good, "CapPrm:\t0000000000000000", "CapPrm:\t0000000000000001", 1),
		"a capability within bounds": strings.Replace(good, "CapBnd:\t0000000000000000", "CapBnd:\t0000000000000001", 1),
		"new privileges":             strings.Replace(good, "NoNewPrivs:\t1", "NoNewPrivs:\t0", 1),
		"nothing said":               "",
	} {
		if err := confined(bad, 9, true); err == nil {
			t.Errorf("a process with %s counts as confined", name)
		}
	}
}
