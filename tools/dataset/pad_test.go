package dataset_test

import (
	"path/filepath"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// No object of a padded dataset shows the size of what is in it, the manifest's neither; and a
// change of the padding alone, which no reader of the file would see, is still Tampered.
func TestPaddedDatasetsHideSizes(t *testing.T) {
	store, kek := listing{Store: &volumetest.Store{}}, volumetest.Key(t, 9)
	d, err := dataset.Seal(t.Context(), dataset.SealOptions{
		Dir: write(t, files), Sink: store, Dataset: "north", Version: 1, KEK: kek, Signer: signer(), Pad: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range store.Names() {
		if plain, err := sealed.PlainSize(int64(len(store.Get(n)))); err != nil || sealed.PaddedSize(plain) != plain {
			t.Errorf("%s shows that %d bytes were sealed, %v", n, plain, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "out")
	if _, err := dataset.Open(t.Context(), store, d, kek, dir, nil); err != nil {
		t.Fatal(err)
	}
	checkFiles(t, dir, files)
	if r, err := dataset.Verify(t.Context(), store, d, kek, nil); err != nil || r.Files != len(files) {
		t.Errorf("Verify = %+v, %v", r, err)
	}
	list, err := dataset.List(t.Context(), store, d, kek)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		if e.Size == 3_000_000 { // its last segments are padding alone
			store.Corrupt(e.Blob, func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
		}
	}
	if r, err := dataset.Verify(t.Context(), store, d, kek, nil); fault.KindOf(err) != fault.Tampered || err == nil {
		t.Errorf("Verify of changed padding = %+v, %v; want Tampered", r, err)
	}
}
