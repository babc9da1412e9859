package governance_test

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	core "github.com/cleanroom-dev/cleanroom/core/governance"
	governancev1 "github.com/cleanroom-dev/cleanroom/core/plugin/proto/governance/v1"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/client"
)

func TestHTTP(t *testing.T) {
	north := newParty(t, "north")
	dir := t.TempDir()
	if err := governance.Init(dir, register(north)); err != nil {
		t.Fatal(err)
	}
	s, err := governance.Open(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(s.Handler())
	t.Cleanup(func() { srv.Close(); _ = s.Close(t.Context()) })
	for name, tc := range map[string]struct {
		method, path, body string
		want               int
	}{
		"what is not canonical is refused":      {"POST", api.PathConsent, `{ }`, 400},
		"an unknown field is refused":           {"POST", api.PathConsent, `{"x":1}`, 400},
		"an empty question is refused":          {"POST", api.PathConsent, `{"contract":null,"nonce":null,"operation":"","room":"","roomKey":null,"subject":""}`, 400},
		"an empty event is refused":             {"POST", api.PathEvents, `{"event":null,"roomKey":null,"signature":null}`, 400},
		"an empty act is refused":               {"POST", api.PathActs, `{"act":{"act":null,"signature":null}}`, 400},
		"a long body is refused":                {"POST", api.PathEvents, strings.Repeat("x", 1<<20), 400},
		"an unknown path is not there":          {"GET", "/v1/secrets", "", 404},
		"a wrong method is refused":             {"GET", api.PathActs, "", 405},
		"a digest is a digest":                  {"GET", api.PathContracts + "/abc", "", 400},
		"a document is named by digest":         {"GET", api.PathDocuments + "key.pem", "", 400},
		"the log's private state is not served": {"GET", api.PathLog + ".state/treeState", "", 404},
		"nothing beside the log is served":      {"GET", api.PathLog + "tile/%2e%2e/%2e%2e/key.pem", "", 404},
		"a key is base64url":                    {"GET", api.PathRooms + "/r/events?key=!", "", 400},
		"the checkpoint is served":              {"GET", api.PathLog + "checkpoint", "", 200},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, srv.URL+tc.path, strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if resp.StatusCode != tc.want || err != nil {
				t.Errorf("%s %s = %d %s, %v, want %d", tc.method, tc.path, resp.StatusCode, b, err, tc.want)
			}
			if bytes.Contains(b, []byte("PRIVATE")) {
				t.Errorf("%s %s gives a private key", tc.method, tc.path)
			}
			if tc.want == 200 {
				v, err := note.NewVerifier(s.Info().CheckpointKey)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := note.Open(b, note.VerifierList(v)); err != nil {
					t.Errorf("the checkpoint is not signed by the service: %v", err)
				}
			}
		})
	}
}

func TestClientRefuses(t *testing.T) {
	for name, address := range map[string]string{
		"no scheme": "127.0.0.1:1", "another scheme": "ftp://a", "no host": "http://", "a query": "http://a/?b", "credentials": "http://a:b@c",
	} {
		if _, err := client.New(address, client.Options{}); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%s: New(%q) = %v, want Invalid", name, address, err)
		}
	}
	if _, err := client.New("https://a", client.Options{CA: []byte("x")}); err == nil {
		t.Errorf("New with an empty CA passes")
	}
	w := newWorld(t)
	other, err := client.New("unix:"+t.TempDir()+"/none", client.Options{})
	w.must("New", err)
	_, err = other.Info(t.Context())
	wantKind(t, "Info of nothing", err, fault.Unavailable)

	redirect := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, "/elsewhere", http.StatusFound) }))
	t.Cleanup(redirect.Close)
	lost, err := client.New(redirect.URL, client.Options{})
	w.must("New", err)
	_, err = lost.Consent(t.Context(), &governancev1.ConsentRequest{})
	wantKind(t, "Consent of a redirect", err, fault.Internal, "302")

	pinned := newParty(t, "x").Key.Public().(ed25519.PublicKey)
	forged := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(rw, `{"checkpointKey":"","counters":{},"key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","parties":[]}`)
	}))
	t.Cleanup(forged.Close)
	c, err := client.New(forged.URL, client.Options{Key: pinned})
	w.must("New", err)
	wantKind(t, "Vote at another service", c.Vote(t.Context(), w.north, w.propose("a"), true), fault.Tampered, "pinned")
}

func FuzzParseAct(f *testing.F) {
	key := newParty(f, "north").Key
	a := api.Act{Kind: api.Switch, Party: "north", Contract: digest.Of(nil), Counter: 1, Operations: []string{core.RoomOpen}, Service: make([]byte, 32), Yes: true}
	s, err := a.Sign(key)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.Act)
	f.Fuzz(func(t *testing.T, in []byte) {
		a, err := api.SignedAct{Act: in}.Parse()
		if err != nil {
			return
		}
		again, err := a.Sign(key)
		if err != nil || !bytes.Equal(again.Act, in) {
			t.Errorf("read %q, wrote %q, %v", in, again.Act, err)
		}
	})
}
