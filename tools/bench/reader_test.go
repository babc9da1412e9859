package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPassChecksWhatItReads(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, smallDir), 0o700); err != nil {
		t.Fatal(err)
	}
	p := make([]byte, blockSize)
	for n := range smallFiles {
		block(firstSmall+uint64(n), p)
		if err := os.WriteFile(filepath.Join(dir, smallName(n)), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	large, err := os.Create(filepath.Join(dir, largeName))
	if err != nil {
		t.Fatal(err)
	}
	if err := large.Truncate(fileSize); err != nil { // zeros, which no block is
		t.Fatal(err)
	}
	if err := large.Close(); err != nil {
		t.Fatal(err)
	}
	small := pass{Kind: "files", Path: dir, Readers: 8}
	for _, p := range []pass{small, {Kind: "list", Path: dir}} {
		if r, err := runPass(t.Context(), p); err != nil || r.Count != smallFiles || r.Seconds <= 0 {
			t.Errorf("runPass(%s) = %+v, %v; want %d", p.Kind, r, err, smallFiles)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, smallName(smallFiles-1)), p[:blockSize-1], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		p    pass
		want string
	}{
		"a small file is cut":            {small, "is not as it was made"},
		"a listed size is another":       {pass{Kind: "list", Path: dir}, "4095 bytes, want 4096"},
		"a block is another":             {pass{Kind: "random", Path: large.Name(), Readers: 1}, "is not as it was made"},
		"a kind is unknown":              {pass{Kind: "backwards"}, "no pass is called"},
		"a file is short, and not right": {pass{Kind: "sequential", Path: filepath.Join(dir, smallName(0))}, "4096 bytes with CRC32C"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := runPass(t.Context(), tc.p); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("runPass(%+v) = %v, want %q", tc.p, err, tc.want)
			}
		})
	}
}
