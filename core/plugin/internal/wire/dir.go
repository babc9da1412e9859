package wire

import (
	"os"
	"path/filepath"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// maxDir is the longest folder in which go-plugin's socket names still fit sun_path
// (108 bytes with the final zero, unix(7)): "/plugin-dir" and "/plugin" with ten digits each.
const maxDir = 107 - len("/plugin-dir0123456789/plugin0123456789")

// privateDir makes a folder that only uid (and the host) can enter. It stays the host's.
func privateDir(parent string, uid uint32) (string, error) {
	const op = "plugin.tempdir"
	if !filepath.IsAbs(parent) {
		return "", fault.New(fault.Invalid, op, "%q: is not an absolute path", parent)
	}
	if uid != uint32(os.Geteuid()) {
		// Said here, where the folder's name is known: to the plugin it is only EACCES.
		for dir := parent; dir != "/"; dir = filepath.Dir(dir) {
			info, err := os.Stat(dir)
			if err != nil {
				return "", fault.New(fault.Invalid, op, "%w", err)
			}
			if info.Mode().Perm()&0o001 == 0 {
				return "", fault.New(fault.Invalid, op, "user %d cannot pass through %s: it needs mode o+x", uid, dir)
			}
		}
	}
	dir, err := os.MkdirTemp(parent, "p")
	if err != nil {
		return "", fault.New(fault.Internal, op, "%w", err)
	}
	if len(dir) > maxDir {
		os.RemoveAll(dir)
		return "", fault.New(fault.Invalid, op, "%s: longer than %d bytes, too long to hold sockets", dir, maxDir)
	}
	if err := share(dir, uid); err != nil {
		os.RemoveAll(dir)
		return "", fault.New(fault.Internal, op, "%w", err)
	}
	return dir, nil
}

// share lets uid make files in a folder of the host's, and remove or rename its own alone
// (the sticky bit): go-plugin changes owner and mode of the host's sockets by their names,
// with the host's rights, and a link put in a socket's place would be followed.
func share(dir string, uid uint32) error {
	if uid == uint32(os.Geteuid()) {
		return nil // it is the host's user: nothing keeps the two apart
	}
	if err := os.Chown(dir, os.Geteuid(), int(group(uid))); err != nil {
		return err
	}
	return os.Chmod(dir, os.ModeSticky|0o770)
}
