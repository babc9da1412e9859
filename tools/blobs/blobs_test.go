package blobs_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/plugin/plugintest"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/tools/blobs"
	"github.com/cleanroom-dev/cleanroom/tools/blobs/blobstest"
)

var (
	_ volume.Source = (*blobs.Store)(nil)
	_ volume.Sink   = (*blobs.Store)(nil)
)

func start(t *testing.T) (*blobstest.Azurite, *container.Client) {
	t.Helper()
	needs.Azurite(t)
	needs.Program(t, "node")
	a, err := blobstest.Start(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Stop)
	c, err := a.Container(t.Context(), "north")
	if err != nil {
		t.Fatal(err)
	}
	return a, c
}

func open(t *testing.T, o blobs.Options) *blobs.Store {
	t.Helper()
	s, err := blobs.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestKitsAgainstAzurite(t *testing.T) {
	a, c := start(t)
	token, err := blobstest.Token(c, sas.ContainerPermissions{Read: true, Create: true, Write: true, Delete: true, List: true})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, blobs.Options{Endpoint: a.Endpoint, Container: "north", Prefix: "p/", SAS: token})
	put := func(t plugintest.T, name string, content []byte) {
		if _, err := s.Put(t.Context(), name, int64(len(content)), bytes.NewReader(content), object.Condition{Overwrite: true}); err != nil {
			t.Fatalf("Put %s = %v", name, err)
		}
	}
	for name, content := range plugintest.Objects() {
		put(t, name, content)
	}
	content := func(t plugintest.T, name string) ([]byte, bool) {
		resp, err := c.NewBlobClient("p/"+name).DownloadStream(t.Context(), nil)
		if err != nil {
			return nil, false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		return b, err == nil
	}
	for _, kit := range []plugintest.Kit{
		plugintest.Source(plugintest.SourceFixture{Reader: s, Objects: plugintest.Objects(), Replace: put}),
		plugintest.Sink(plugintest.SinkFixture{Writer: s, Prefix: "kit/", Large: 2*(8<<20) + 5, Content: content}),
	} {
		for name, test := range kit {
			t.Run(name, func(t *testing.T) { test(t) })
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		o    blobs.Options
		want string
	}{
		"no endpoint":                      {blobs.Options{Container: "c", SAS: "sig=x"}, "endpoint: must be https://"},
		"another scheme":                   {blobs.Options{Endpoint: "ftp://h", Container: "c", SAS: "sig=x"}, "endpoint: must be https://"},
		"a credential in the endpoint":     {blobs.Options{Endpoint: "https://h?sig=x", Container: "c", SAS: "sig=x"}, "must hold no user, query or fragment"},
		"a signature without sig":          {blobs.Options{Endpoint: "https://h", Container: "c", SAS: "se=x"}, "is not a shared access signature"},
		"an identity's token in clear":     {blobs.Options{Endpoint: "http://h", Container: "c"}, "is sent to https:// alone"},
		"a connection string that is none": {blobs.Options{Container: "c", ConnectionString: "AccountKey=c2VjcmV0"}, "is not one that can be used"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := blobs.New(tc.o)
			if fault.KindOf(err) != fault.Usage || err == nil || !strings.Contains(err.Error(), tc.want) || strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("New = %v (%v), want Usage: %s", err, fault.KindOf(err), tc.want)
			}
		})
	}
}

func TestErrorsHoldNoCredential(t *testing.T) {
	a, c := start(t)
	token, err := blobstest.Token(c, sas.ContainerPermissions{Read: true})
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, blobs.Options{Endpoint: a.Endpoint, Container: "north", SAS: token})
	check := func(call string, err error, want fault.Kind) {
		t.Helper()
		if fault.KindOf(err) != want || err == nil || strings.Contains(err.Error(), "sig=") {
			t.Errorf("%s = %v (%v), want %v without the signature", call, err, fault.KindOf(err), want)
		}
	}
	_, err = s.Put(t.Context(), "x", 1, strings.NewReader("x"), object.Condition{})
	check("Put without the right to", err, fault.Denied)
	for _, err := range s.List(t.Context(), "") {
		check("List without the right to", err, fault.Denied)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Stat(ctx, "x")
	check("Stat that is cancelled", err, fault.Interrupted)
	a.Stop()
	ctx, cancel = context.WithTimeout(t.Context(), time.Second) // it would be waited for
	defer cancel()
	check("ReadRange of nobody", s.ReadRange(ctx, object.Info{Name: "x", Size: 1, ETag: `"1"`}, 0, make([]byte, 1)), fault.Unavailable)
}
