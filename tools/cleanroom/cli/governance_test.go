package cli

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance"
	"github.com/cleanroom-dev/cleanroom/tools/service/governance/api"
)

// liar is a real service behind a proxy that changes the answers of some paths.
type liar struct {
	at       string
	contract digest.SHA256
	change   map[string]func([]byte) []byte // by path suffix
}

// try runs one command line and returns its exit code and errors.
func try(args ...string) (int, string, string) {
	var out, errOut bytes.Buffer
	code := Main(args, Streams{In: new(bytes.Buffer), Out: &out, Err: &errOut})
	return code, out.String(), errOut.String()
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	code, out, errOut := try(args...)
	if code != 0 {
		t.Fatalf("cleanroom %q = %d: %s", args, code, errOut)
	}
	return out
}

// newLiar starts the service with a contract for which hospital-a alone has voted.
func newLiar(t *testing.T) *liar {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	document, old := spectest.YAML, spectest.Example(t).Parties
	var parties []api.Party
	for _, p := range old {
		pub, err := dataset.NewSignKey(at(p.Name))
		if err != nil {
			t.Fatal(err)
		}
		parties = append(parties, api.Party{Name: p.Name, Key: pub})
		document = strings.ReplaceAll(document, p.SignKey, base64.StdEncoding.EncodeToString(pub))
	}
	lock, err := policytest.Lock().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"spec.yaml": []byte(document), "images.lock": lock} {
		if err := os.WriteFile(at(name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := governance.Init(at("service"), parties); err != nil {
		t.Fatal(err)
	}
	s, err := governance.Open(t.Context(), at("service"), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	l := &liar{change: map[string]func([]byte) []byte{}}
	front := httptest.NewServer(l.before(s.Handler()))
	t.Cleanup(front.Close)
	l.at = front.URL
	as := []string{"--service", l.at, "--party", "hospital-a", "--key", at("hospital-a")}
	line := must(t, append([]string{"governance", "propose", "--lock", at("images.lock"), at("spec.yaml")}, as...)...)
	if l.contract, err = digest.Parse(strings.Fields(line)[0]); err != nil {
		t.Fatal(err)
	}
	must(t, append([]string{"governance", "vote", l.contract.String()}, as...)...)
	must(t, append([]string{"governance", "consent", "on", "--operation", "room.open", l.contract.String()}, as...)...)
	return l
}

func (l *liar) before(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		body := rec.Body.Bytes()
		for suffix, f := range l.change {
			if strings.HasSuffix(r.URL.Path, suffix) {
				body = f(body)
			}
		}
		w.WriteHeader(rec.Code)
		_, _ = io.Copy(w, bytes.NewReader(body)) // a client that left
	})
}

// altered rewrites an answer of type T.
func altered[T any](t *testing.T, f func(*T)) func([]byte) []byte {
	return func(b []byte) []byte {
		var v T
		if err := canonical.Unmarshal(b, &v); err != nil {
			t.Errorf("answer: %v", err)
		}
		f(&v)
		out, err := canonical.Marshal(v)
		if err != nil {
			t.Errorf("answer: %v", err)
		}
		return out
	}
}

func TestContractBelievesNoUnsignedWord(t *testing.T) {
	l := newLiar(t)
	show := func() (int, string) {
		code, _, errOut := try("governance", "contract", "--service", l.at, l.contract.String())
		return code, errOut
	}
	if code, errOut := show(); code != 0 {
		t.Fatalf("contract = %d: %s", code, errOut)
	}
	of := "/" + l.contract.String()
	pub, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		suffix string
		change func([]byte) []byte
		want   string
	}{
		"a vote that nobody signed":        {of, altered(t, func(k *api.Contract) { k.Votes["consumer"] = true }), "consumer voted true"},
		"a vote that was signed otherwise": {of, altered(t, func(k *api.Contract) { k.Votes["hospital-a"] = false }), "hospital-a voted false"},
		"consent that nobody signed": {of, altered(t, func(k *api.Contract) {
			k.Switches = map[string][]string{"hospital-a": {"output.release", "room.open"}}
		}), "consents to"},
		"an agreement without all votes":  {of, altered(t, func(k *api.Contract) { k.Agreed = true }), "says agreed: true"},
		"another specification":           {of, altered(t, func(k *api.Contract) { k.Specification = k.Policy }), "documents for"},
		"another contract":                {of, altered(t, func(k *api.Contract) { k.Contract = k.Policy }), "documents for"},
		"a party's key that is another's": {"/info", altered(t, func(i *api.Info) { i.Parties[0].Key = pub }), "has another key at the service"},
		"a party more":                    {"/info", altered(t, func(i *api.Info) { i.Parties = append(i.Parties, api.Party{Name: "x", Key: pub}) }), "x is no party"},
		"a party less":                    {"/info", altered(t, func(i *api.Info) { i.Parties = i.Parties[1:] }), "is not registered"},
		"acts left out":                   {"/acts", func([]byte) []byte { return []byte("[]") }, "signed votes do not"},
		"a changed document":              {"", func(b []byte) []byte { return b }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if tc.suffix == "" {
				document := digestOfSpecification(t, l)
				tc.suffix, tc.change, tc.want = document.String(), func([]byte) []byte { return []byte("{}") }, "have another digest"
			}
			l.change = map[string]func([]byte) []byte{tc.suffix: tc.change}
			defer func() { l.change = nil }()
			if code, errOut := show(); code != 6 || !strings.Contains(errOut, tc.want) {
				t.Errorf("contract = %d, %q, want 6 with %q", code, errOut, tc.want)
			}
		})
	}
}

func digestOfSpecification(t *testing.T, l *liar) digest.SHA256 {
	t.Helper()
	for _, line := range strings.Split(must(t, "governance", "contract", "--service", l.at, l.contract.String()), "\n") {
		if text, ok := strings.CutPrefix(line, "specification"); ok {
			d, err := digest.Parse(strings.TrimSpace(text))
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
	}
	t.Fatal("no specification is shown")
	return digest.SHA256{}
}
