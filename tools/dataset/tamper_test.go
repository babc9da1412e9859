package dataset_test

import (
	"bytes"
	"crypto/ed25519"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/object"
	"github.com/cleanroom-dev/cleanroom/core/permit"
	"github.com/cleanroom-dev/cleanroom/core/sealed"
	"github.com/cleanroom-dev/cleanroom/core/secret"
	"github.com/cleanroom-dev/cleanroom/core/volume"
	"github.com/cleanroom-dev/cleanroom/core/volume/volumetest"
	"github.com/cleanroom-dev/cleanroom/tools/dataset"
)

// The tamper matrix as those see it who read without a room: the consumer of an output, and a
// provider who opens or verifies the own dataset. The sizes are those below the largest, which
// core/volume has.

// pair is two files of the same size, of which a test will change one; seed tells versions apart.
func pair(t *testing.T, size int, seed byte) (dir string) {
	t.Helper()
	return write(t, map[string][]byte{"a": volumetest.Bytes(size, seed), "b": volumetest.Bytes(size, seed+1)})
}

// objects are all of a store but manifests, sorted.
func objects(s *volumetest.Store) []string {
	return slices.DeleteFunc(s.Names(), func(n string) bool { return strings.HasSuffix(n, volume.ManifestName) })
}

// eachChange changes one of the two objects in the store in every way, and wants read to see it.
// The old ones are of a version before, with its own key, and again is of one more sealing.
func eachChange(t *testing.T, size int, s, old, again *volumetest.Store, read func() error) (count int) {
	t.Helper()
	if err := read(); err != nil {
		t.Errorf("%d bytes as they were: %v", size, err)
	}
	names := objects(s)
	if len(names) != 2 {
		t.Fatalf("objects are %q, want two", names)
	}
	v := volumetest.Sealed{Good: s.Get(names[0]), Other: s.Get(names[1]), Old: old.Get(objects(old)[0]), Again: again.Get(objects(again)[0])}
	defer s.Set(names[0], v.Good)
	return volumetest.EachChange(size, &v, func(what string, changed []byte, _ int) {
		if changed == nil {
			s.Remove(names[0])
		} else {
			s.Set(names[0], changed)
		}
		if err := read(); err == nil || fault.KindOf(err) != fault.Tampered {
			t.Errorf("%s: %v (%v), want Tampered", what, err, fault.KindOf(err))
		}
	})
}

// counted fails if not every case was tried.
func counted(t *testing.T, got, want int) {
	t.Helper()
	t.Logf("%d changes tried; each must be refused", got)
	if got != want {
		t.Errorf("%d cases, want %d", got, want)
	}
}

// release commits an output of a room as the room would.
func release(t *testing.T, s *volumetest.Store, dir, room string, contract digest.SHA256, public []byte, signer ed25519.PrivateKey) volume.Committed {
	t.Helper()
	p, end := permit.Issue("output.release", "results")
	defer end()
	c, err := volume.Commit(t.Context(), p, volume.Output{
		Operation: "output.release", Dir: dir, Sink: s, SinkName: "results", Prefix: "out/" + room, Recipients: [][]byte{public},
		Signer: signer, Contract: contract, Room: room, Limit: 64 << 20,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func recipient(t *testing.T) (*secret.Bytes, []byte) {
	t.Helper()
	private, public, err := sealed.NewSealKey()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(private.Destroy)
	return private, public
}

// open opens an output into a folder that must not be there after a refusal.
func open(t *testing.T, o dataset.OpenOptions) error {
	t.Helper()
	o.Dir = filepath.Join(t.TempDir(), "opened")
	_, err := dataset.OpenOutput(t.Context(), o)
	if _, there := os.Stat(o.Dir); (err == nil) != (there == nil) {
		t.Errorf("OpenOutput = %v, its folder: %v", err, there)
	}
	return err
}

func TestEveryChangeOfAnOutputIsRefused(t *testing.T) {
	private, public := recipient(t)
	contract, count := digest.Of([]byte("c")), 0
	for _, size := range volumetest.Sizes {
		if size == volumetest.Largest {
			continue
		}
		var s, old, again volumetest.Store
		c := release(t, &s, pair(t, size, 1), "room-2", contract, public, signer())
		release(t, &old, pair(t, size, 3), "room-1", contract, public, signer())
		release(t, &again, pair(t, size, 1), "room-2", contract, public, signer())
		o := dataset.OpenOptions{Source: &s, Manifest: c.Manifest, Digest: c.Digest, Contract: contract,
			Room: signer().Public().(ed25519.PublicKey), Key: private}
		count += eachChange(t, size, &s, &old, &again, func() error { return open(t, o) })
	}
	counted(t, count, volumetest.CasesBelowLargest)
}

func TestEveryChangeOfADatasetIsRefused(t *testing.T) {
	kek, count := volumetest.Key(t, 9), 0
	seal := func(s *volumetest.Store, dir string, version uint64) dataset.Description {
		d, err := dataset.Seal(t.Context(), dataset.SealOptions{Dir: dir, Sink: s, Dataset: "north", Version: version, KEK: kek, Signer: signer()})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, size := range volumetest.Sizes {
		if size == volumetest.Largest {
			continue
		}
		var old, again volumetest.Store
		s := listing{Store: &volumetest.Store{}}
		seal(&old, pair(t, size, 3), 1)
		seal(&again, pair(t, size, 1), 2)
		d := seal(s.Store, pair(t, size, 1), 2)
		count += eachChange(t, size, s.Store, &old, &again, func() error {
			_, err := dataset.Verify(t.Context(), s, d, kek, nil)
			dir := filepath.Join(t.TempDir(), "opened")
			_, opened := dataset.Open(t.Context(), s, d, kek, dir, nil)
			if _, there := os.Stat(dir); fault.KindOf(err) != fault.KindOf(opened) || (opened == nil) != (there == nil) {
				t.Errorf("Verify = %v, Open = %v, its folder: %v", err, opened, there)
			}
			return err
		})
	}
	counted(t, count, volumetest.CasesBelowLargest)
}

// What a store can put in the place of an output's manifest. The consumer knows its digest and
// the contract from the audit, and the room's key from its evidence.
func TestAnotherManifestOfAnOutputIsRefused(t *testing.T) {
	private, public := recipient(t)
	contract := digest.Of([]byte("c"))
	_, otherRoom, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := pair(t, 1000, 1)
	var s, old volumetest.Store
	c := release(t, &s, dir, "room-2", contract, public, signer())
	before := release(t, &old, dir, "room-1", contract, public, signer())
	var agreedOtherwise, signedOtherwise, again volumetest.Store
	other := release(t, &agreedOtherwise, dir, "room-2", digest.Of([]byte("d")), public, signer())
	forged := release(t, &signedOtherwise, dir, "room-2", contract, public, otherRoom)
	resealed := release(t, &again, dir, "room-2", contract, public, signer())
	good := s.Get(c.Manifest)
	o := dataset.OpenOptions{Source: &s, Manifest: c.Manifest, Digest: c.Digest, Contract: contract,
		Room: signer().Public().(ed25519.PublicKey), Key: private}
	refused := func(what string, now []byte, o dataset.OpenOptions) {
		t.Helper()
		s.Set(c.Manifest, now)
		if err := open(t, o); err == nil || fault.KindOf(err) != fault.Tampered {
			t.Errorf("%s: %v (%v), want Tampered", what, err, fault.KindOf(err))
		}
	}
	count := 0
	for i := range good {
		flipped := bytes.Clone(good)
		flipped[i] ^= 1
		refused("a flipped byte", flipped, o)
		refused("a cut", good[:i], o)
		count += 2
	}
	known := func(d digest.SHA256) dataset.OpenOptions { o := o; o.Digest = d; return o }
	for what, now := range map[string][]byte{
		"a byte more": append(bytes.Clone(good), 0), "an older room's": old.Get(before.Manifest), "another sealing": again.Get(resealed.Manifest),
		"another contract's": agreedOtherwise.Get(other.Manifest), "another room key's": signedOtherwise.Get(forged.Manifest),
	} {
		refused(what, now, o)
		count++
	}
	// Even if the digest were another's.
	refused("another contract's, with its digest", agreedOtherwise.Get(other.Manifest), known(other.Digest))
	refused("another room key's, with its digest", signedOtherwise.Get(forged.Manifest), known(forged.Digest))
	refused("an older room's, with its digest, whose files are not there", old.Get(before.Manifest), known(before.Digest))
	counted(t, count+3, 2*len(good)+5+3)
	s.Remove(c.Manifest)
	if err := open(t, o); err == nil || fault.KindOf(err) != fault.NotFound { // nobody can tell it from one not yet released
		t.Errorf("no manifest: %v, want NotFound", err)
	}
	s.Set(c.Manifest, good)
	if err := open(t, o); err != nil {
		t.Errorf("as it was: %v", err)
	}
}

// A store that tells another size of a manifest than it has.
func TestALieAboutAManifestsSizeIsRefused(t *testing.T) {
	private, public := recipient(t)
	contract := digest.Of([]byte("c"))
	var s volumetest.Store
	c := release(t, &s, pair(t, 1, 1), "room-1", contract, public, signer())
	for what, size := range map[string]int64{"one less": -1, "none": -int64(len(s.Get(c.Manifest))), "below none": -1 << 40, "more than a manifest can have": 1 << 40} {
		s.OnStat = func(o *object.Info) error { o.Size += size; return nil }
		err := open(t, dataset.OpenOptions{Source: &s, Manifest: c.Manifest, Digest: c.Digest, Contract: contract, Room: signer().Public().(ed25519.PublicKey), Key: private})
		if err == nil || fault.KindOf(err) != fault.Tampered {
			t.Errorf("%s: %v (%v), want Tampered", what, err, fault.KindOf(err))
		}
	}
}
