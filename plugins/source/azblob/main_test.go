package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/plugins/internal/azstore/azuritetest"
)

// The test binary is also the plugin.
func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func fixed(token string) sdk.Tokens {
	return func(context.Context, string) (string, time.Time, error) { return token, time.Time{}, nil }
}

func configured(t *testing.T, config map[string]any, token string) *source {
	t.Helper()
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{}
	if err := s.Configure(t.Context(), sdk.Setup{Config: raw, Simulated: true, Tokens: fixed(token), Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAgainstAzurite(t *testing.T) {
	a := azuritetest.Start(t)
	c := a.Container(t, "provider")
	for name, content := range plugintest.Objects() {
		if err := azuritetest.Put(t.Context(), c, "set/"+name, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := azuritetest.Put(t.Context(), c, "elsewhere", []byte("not ours")); err != nil {
		t.Fatal(err)
	}
	config := map[string]any{"endpoint": a.Endpoint, "container": "provider", "prefix": "set/"}
	token := a.Token(t, "provider", sas.ContainerPermissions{Read: true, List: true}, time.Hour)

	s := configured(t, config, token)
	kit := plugintest.Source(plugintest.SourceFixture{Reader: plugintest.Direct(s), Objects: plugintest.Objects(),
		Replace: func(t plugintest.T, name string, content []byte) {
			if err := azuritetest.Put(t.Context(), c, "set/"+name, content); err != nil {
				t.Fatalf("%v", err)
			}
		}})
	for name, test := range kit {
		t.Run(name, func(t *testing.T) { test(t) })
	}
	t.Run("over the wire", func(t *testing.T) { overTheWire(t, config, token) })
	t.Run("tokens", func(t *testing.T) { tokens(t, a, config) })
	t.Run("the storage is gone", func(t *testing.T) {
		a.Stop()
		_, err := s.Stat(t.Context(), "small")
		if sdk.KindOf(err) != sdk.Unavailable || strings.Contains(err.Error(), "sig=") {
			t.Errorf("Stat = %v (%v), want Unavailable without the token", err, sdk.KindOf(err))
		}
	})
}

func overTheWire(t *testing.T, config map[string]any, token string) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "azblob")
	if err := os.Symlink(self, binary); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(binary+".json", manifest, 0o644); err != nil {
		t.Fatal(err)
	}
	results := plugintest.Verify(t.Context(), binary, plugintest.VerifyOptions{Config: config, Simulated: true,
		Tokens: func(_ context.Context, audience string) (string, time.Time, error) {
			return token, time.Now().Add(time.Hour), nil
		}})
	if len(results) < 15 {
		t.Errorf("only %d tests ran", len(results))
	}
	for _, r := range results {
		if !r.Passed {
			t.Errorf("%s: %v", r.Test, r.Found)
		}
	}
}

func tokens(t *testing.T, a *azuritetest.Azurite, config map[string]any) {
	for name, tc := range map[string]struct {
		token string
		want  sdk.Kind
	}{
		"an expired one is Denied":             {a.Token(t, "provider", sas.ContainerPermissions{Read: true, List: true}, -time.Minute), sdk.Denied},
		"one without the right is Denied":      {a.Token(t, "provider", sas.ContainerPermissions{Delete: true}, time.Hour), sdk.Denied},
		"one of another container is Denied":   {a.Token(t, "other", sas.ContainerPermissions{Read: true}, time.Hour), sdk.Denied},
		"none is Denied, or the blob not seen": {"", sdk.Denied},
		"what is no token is Invalid":          {"%zz", sdk.Invalid},
	} {
		_, err := configured(t, config, tc.token).Stat(t.Context(), "small")
		if got := sdk.KindOf(err); err == nil || got != tc.want && (tc.token != "" || got != sdk.NotFound) {
			t.Errorf("%s: Stat = %v (%v), want %v", name, err, got, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "sig=") {
			t.Errorf("%s: the error holds the token: %v", name, err)
		}
	}
	denied := &source{}
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := denied.Configure(t.Context(), sdk.Setup{Config: raw, Simulated: true, Tokens: func(context.Context, string) (string, time.Time, error) {
		return "", time.Time{}, sdk.Errorf(sdk.Denied, "token", "not for you")
	}}); err != nil {
		t.Fatal(err)
	}
	if _, err := denied.Stat(t.Context(), "small"); sdk.KindOf(err) != sdk.Denied {
		t.Errorf("Stat without a token = %v, want the host's answer", err)
	}
}

func TestConfigure(t *testing.T) {
	good := `{"endpoint": "https://a.example", "container": "data"}`
	for name, tc := range map[string]struct {
		config    string
		simulated bool
		wantErr   string
	}{
		"https":                              {good, false, ""},
		"http in simulation":                 {strings.Replace(good, "https", "http", 1), true, ""},
		"http outside simulation":            {strings.Replace(good, "https", "http", 1), false, "endpoint: must begin with https:"},
		"another scheme":                     {strings.Replace(good, "https", "ftp", 1), true, "endpoint: must be https://"},
		"no endpoint":                        {`{"container": "data"}`, true, "endpoint: is required"},
		"no container":                       {`{"endpoint": "https://a.example"}`, true, "container: is required"},
		"a token in the endpoint":            {strings.Replace(good, ".example", ".example/?sig=x", 1), true, "endpoint: must hold no user, query"},
		"a container with a slash":           {strings.Replace(good, "data", "data/x", 1), true, "container: must be 3 to 63"},
		"everything wrong at once, in order": {`{"container": 7, "x": 1}`, true, "container: must be text (got 7); x: is not a known field; endpoint: is required; container: is required"},
	} {
		err := (&source{}).Configure(t.Context(), sdk.Setup{Config: []byte(tc.config), Simulated: tc.simulated})
		if tc.wantErr == "" && err != nil || tc.wantErr != "" && (sdk.KindOf(err) != sdk.Invalid || !strings.Contains(err.Error(), tc.wantErr)) {
			t.Errorf("%s: Configure = %v (%v), want %q", name, err, sdk.KindOf(err), tc.wantErr)
		}
	}
}
