package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
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

// content reads a blob with the account's key, behind the plugin's back.
func content(t plugintest.T, c *container.Client, name string) ([]byte, bool) {
	resp, err := c.NewBlobClient(name).DownloadStream(t.Context(), nil)
	if err != nil {
		return nil, false
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return b, err == nil
}

func TestAgainstAzurite(t *testing.T) {
	a := azuritetest.Start(t)
	c := a.Container(t, "consumer")
	config := map[string]any{"endpoint": a.Endpoint, "container": "consumer", "prefix": "out/"}
	token := a.Token(t, "consumer", sas.ContainerPermissions{Read: true, Create: true, Write: true, Delete: true}, time.Hour)
	tokens := func(context.Context, string) (string, time.Time, error) { return token, time.Now().Add(time.Hour), nil }
	raw, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{}
	if err := s.Configure(t.Context(), sdk.Setup{Config: raw, Simulated: true, Tokens: tokens, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	kit := plugintest.Sink(plugintest.SinkFixture{Writer: s, Prefix: "kit/", Large: 2*blockSize + 5,
		Content: func(t plugintest.T, name string) ([]byte, bool) { return content(t, c, "out/"+name) }})
	for name, test := range kit {
		t.Run(name, func(t *testing.T) { test(t) })
	}
	t.Run("over the wire", func(t *testing.T) {
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
		results := plugintest.Verify(t.Context(), binary, plugintest.VerifyOptions{Config: config, Simulated: true, Tokens: tokens})
		if len(results) < 15 {
			t.Errorf("only %d tests ran", len(results))
		}
		for _, r := range results {
			if !r.Passed {
				t.Errorf("%s: %v", r.Test, r.Found)
			}
		}
	})
	t.Run("a blob of whole blocks is one blob", func(t *testing.T) {
		for _, n := range []int{blockSize - 1, blockSize, blockSize + 1} {
			want := strings.Repeat("0123456789abcdef", n/16+1)[:n]
			if _, err := s.Put(t.Context(), "edge", int64(n), strings.NewReader(want), sdk.Condition{Overwrite: true}); err != nil {
				t.Errorf("Put of %d bytes = %v", n, err)
			}
			if got, ok := content(t, c, "out/edge"); !ok || string(got) != want {
				t.Errorf("after Put of %d bytes the blob holds %d (%t)", n, len(got), ok)
			}
		}
	})
	t.Run("a token that may not write is Denied", func(t *testing.T) {
		token = a.Token(t, "consumer", sas.ContainerPermissions{Read: true}, time.Hour)
		other := &sink{}
		if err := other.Configure(t.Context(), sdk.Setup{Config: raw, Simulated: true, Tokens: tokens}); err != nil {
			t.Fatal(err)
		}
		_, err := other.Put(t.Context(), "x", 1, strings.NewReader("x"), sdk.Condition{})
		if sdk.KindOf(err) != sdk.Denied || errors.Is(err, sdk.ErrCondition) || strings.Contains(err.Error(), "sig=") {
			t.Errorf("Put = %v (%v), want Denied, no condition, no token", err, sdk.KindOf(err))
		}
	})
	t.Run("the storage is gone", func(t *testing.T) {
		a.Stop()
		_, err := s.Put(t.Context(), "x", 1, strings.NewReader("x"), sdk.Condition{})
		if sdk.KindOf(err) != sdk.Unavailable || strings.Contains(err.Error(), "sig=") {
			t.Errorf("Put = %v (%v), want Unavailable without the token", err, sdk.KindOf(err))
		}
	})
}
