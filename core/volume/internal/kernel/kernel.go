// Package kernel does what a FUSE file system asks of the kernel: to be mounted,
// tuned and cut off. It serves nothing by itself.
package kernel

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/fault"
)

// MaxRequest is the most that the kernel reads or writes in one request, in bytes.
const MaxRequest = 1 << 20

// Access says what a whole file system allows.
type Access uintptr

// The zero value is the one that refuses more.
const (
	ReadOnly Access = iota
	ReadWrite
)

// readAheadKB lets the kernel keep several large requests in flight; its own
// setting asks for 128 KiB at a time.
const readAheadKB = 4096

// Mount mounts a FUSE file system at dir and returns the descriptor to serve it
// on. The kernel checks owners and modes. We mount by ourselves: go-fuse opens /dev/fuse without O_CLOEXEC when
// it mounts directly, so that every child could answer the application's reads.
//
// Read-only is a property of the superblock: a mount that propagates elsewhere
// is writable at its own level (facts of mount_namespaces(7): ro is not inherited).
func Mount(dir string, a Access) (fd int, err error) {
	fd, err = unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, fault.New(fault.Unavailable, "fuse", "open /dev/fuse: %w", err)
	}
	flags := uintptr(unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME)
	if a != ReadWrite {
		flags |= unix.MS_RDONLY
	}
	options := fmt.Sprintf("fd=%d,rootmode=%o,user_id=%d,group_id=%d,max_read=%d,default_permissions,allow_other",
		fd, unix.S_IFDIR, os.Geteuid(), os.Getegid(), MaxRequest)
	if err := unix.Mount("cleanroom", dir, "fuse.cleanroom", flags, options); err != nil {
		unix.Close(fd)
		return -1, fmt.Errorf("mount fuse: %w", err)
	}
	return fd, nil
}

// Tune does two things that need a mounted file system. Both are only for speed
// and comfort, so neither can fail the mount.
func Tune(dir string, dev uint64) {
	path := filepath.Join("/sys/class/bdi", fmt.Sprintf("%d:%d", unix.Major(dev), unix.Minor(dev)), "read_ahead_kb")
	_ = os.WriteFile(path, []byte(strconv.Itoa(readAheadKB)), 0)
	// A Go program that opens one of the files registers it with epoll, which asks
	// the file system and can take the last thread that would answer. go-fuse
	// answers the first poll of this name so that the kernel never asks again.
	if fd, err := unix.Open(filepath.Join(dir, ".go-fuse-epoll-hack"), unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		unix.Close(fd)
	}
}

// Abort ends the FUSE connection of a device number even while somebody holds
// the mount: the kernel answers them ENOTCONN from then on. The control file
// system is mounted nowhere for it.
func Abort(dev uint64) error {
	ctx, err := unix.Fsopen("fusectl", unix.FSOPEN_CLOEXEC)
	if err != nil {
		return fmt.Errorf("fusectl: %w", err)
	}
	defer unix.Close(ctx)
	if err := unix.FsconfigCreate(ctx); err != nil {
		return fmt.Errorf("fusectl: %w", err)
	}
	root, err := unix.Fsmount(ctx, unix.FSMOUNT_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("fusectl: %w", err)
	}
	defer unix.Close(root)
	fd, err := unix.Openat(root, fmt.Sprintf("%d/abort", unix.Minor(dev)), unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("fusectl: %w", err)
	}
	defer unix.Close(fd)
	_, err = unix.Write(fd, []byte("1"))
	return err
}
