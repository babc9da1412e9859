package sealed_test

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	streamingpb "github.com/tink-crypto/tink-go/v2/proto/aes_gcm_hkdf_streaming_go_proto"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/streamingaead"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/cleanroom-dev/cleanroom/core/sealed"
)

const templateFile = "../../docs/formats/tink-key-template.json"

// TestTinkUsesTheTemplate makes a key from the template that we ship, as a provider with a
// Tink library does, and seals with it.
func TestTinkUsesTheTemplate(t *testing.T) {
	text, err := os.ReadFile(templateFile)
	if err != nil {
		t.Fatal(err)
	}
	var template tinkpb.KeyTemplate
	if err := protojson.Unmarshal(text, &template); err != nil {
		t.Fatal(err)
	}
	handle, err := keyset.NewHandle(&template)
	if err != nil {
		t.Fatal(err)
	}
	a, err := streamingaead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	plain := data(131_001)
	var out bytes.Buffer
	w, err := a.NewEncryptingWriter(&out, []byte("ctx"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	var made streamingpb.AesGcmHkdfStreamingKey
	if err := proto.Unmarshal(insecurecleartextkeyset.KeysetMaterial(handle).Key[0].KeyData.Value, &made); err != nil {
		t.Fatal(err)
	}
	dek := key(t, made.KeyValue...)
	r, err := sealed.NewReader(store(out.Bytes()), int64(out.Len()), dek, []byte("ctx"))
	if err != nil {
		t.Fatal(err)
	}
	checkRandomReads(t, r, plain)
	tr, err := a.NewDecryptingReader(bytes.NewReader(seal(t, dek, "ctx", plain)), []byte("ctx"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(tr); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("tink read %d bytes, %v", len(got), err)
	}
}
