package wire

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// maxBinary bounds what one plugin can take of memory by its size alone, in bytes.
const maxBinary = 512 << 20

// lowest is the least number of the descriptor that is executed: os/exec moves the child's
// standard descriptors about below it, and would overwrite a low one.
const lowest = 200

// seals keep the copy, and its mode, what they were when it was hashed.
const seals = unix.F_SEAL_WRITE | unix.F_SEAL_GROW | unix.F_SEAL_SHRINK | unix.F_SEAL_SEAL | unix.F_SEAL_EXEC

// sealed copies the binary at path into memory that nobody can change any more and returns
// its descriptor, close-on-exec. The bytes hashed are the bytes that run, whatever happens
// to the file meanwhile. A digest other than want is Tampered.
func sealed(path string, want digest.SHA256) (int, error) {
	const op = "plugin.checksum"
	src, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return -1, fault.New(fault.NotFound, op, "%w", err)
	} else if err != nil {
		return -1, fault.New(fault.Internal, op, "%w", err)
	}
	defer src.Close()
	low, err := unix.MemfdCreate("plugin", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if err != nil {
		return -1, fault.New(fault.Internal, op, "memfd: %w", err)
	}
	copied := os.NewFile(uintptr(low), "plugin")
	defer copied.Close()
	h := sha256.New()
	n, err := io.CopyBuffer(io.MultiWriter(copied, h), io.LimitReader(src, maxBinary+1), make([]byte, 1<<20))
	if err != nil {
		return -1, fault.New(fault.Internal, op, "copy %s: %w", path, err)
	}
	if n > maxBinary {
		return -1, fault.New(fault.Invalid, op, "%s: larger than %d bytes", path, maxBinary)
	}
	if got := digest.FromHash(h); !got.Equal(want) {
		return -1, fault.New(fault.Tampered, op, "%s: is %s, want %s", path, got, want)
	}
	if _, err := unix.FcntlInt(copied.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return -1, fault.New(fault.Internal, op, "seal: %w", err)
	}
	// A descriptor that is open for writing cannot be executed (ETXTBSY); this one is new.
	ro, err := unix.Open(fmt.Sprintf("/proc/self/fd/%d", low), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fault.New(fault.Internal, op, "reopen: %w", err)
	}
	defer unix.Close(ro)
	high, err := unix.FcntlInt(uintptr(ro), unix.F_DUPFD_CLOEXEC, lowest)
	if err != nil {
		return -1, fault.New(fault.Internal, op, "dup: %w", err)
	}
	return high, nil
}
