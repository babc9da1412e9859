package wire

import (
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

func TestSharedCopies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "binary")
	if err := os.WriteFile(path, []byte("binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := digest.Of([]byte("binary"))
	s := shared{m: map[which]*copied{}}
	fds, done := make([]int, 8), make([]func(), 8)
	var all sync.WaitGroup
	for n := range fds {
		all.Go(func() {
			var err error
			if fds[n], done[n], err = s.get(path, want); err != nil {
				t.Errorf("get: %v", err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	var st unix.Stat_t
	for n, fd := range fds {
		if fd != fds[0] {
			t.Errorf("launches got descriptors %v, want one for all", fds)
		}
		if err := unix.Fstat(fd, &st); err != nil {
			t.Errorf("the copy is gone when %d launches still need it: %v", len(fds)-n, err)
		}
		done[n]()
	}
	if len(s.m) != 0 {
		t.Errorf("%d copies stay when no launch needs them", len(s.m))
	}
	// Another digest is another copy, and a refusal does not stay either.
	if _, _, err := s.get(path, digest.Of([]byte("another"))); fault.KindOf(err) != fault.Tampered || len(s.m) != 0 {
		t.Errorf("get(another digest) = %v with %d copies left, want Tampered and none", err, len(s.m))
	}
	// What is there now is looked at anew.
	if err := os.WriteFile(path, []byte("changed"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.get(path, want); fault.KindOf(err) != fault.Tampered {
		t.Errorf("get(changed since) = %v, want Tampered", err)
	}
}
