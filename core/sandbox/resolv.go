package sandbox

import (
	"io"
	"os"
	"path/filepath"
)

// hostResolv is a resolv.conf that lies, as with systemd-resolved, under a
// folder that the room covers; without it the room's own look-ups would fail.
type hostResolv struct {
	path string
	data []byte
}

// coveredResolv returns nil when /etc/resolv.conf stays visible, or is missing.
func coveredResolv() *hostResolv {
	path, err := filepath.EvalSymlinks(resolvConf)
	if err != nil {
		return nil
	}
	for _, t := range tmpfs {
		if under(path, t.path) {
			f, err := os.Open(path)
			if err != nil {
				return nil
			}
			defer f.Close()
			data, err := io.ReadAll(io.LimitReader(f, 64<<10))
			if err != nil {
				return nil
			}
			return &hostResolv{path, data}
		}
	}
	return nil
}

// restore writes the copy where the link of /etc leads to.
func (h *hostResolv) restore() error {
	if err := os.MkdirAll(filepath.Dir(h.path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(h.path, h.data, 0o644)
}
