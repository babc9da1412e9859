package probe

import "golang.org/x/sys/unix"

// int80 asks for its process by the 32-bit gate, where getpid is another number.
func int80() int64

// x32 asks by the numbers of the x32 ABI.
func x32() int64 {
	const x32Bit = 0x40000000
	pid, _, no := unix.RawSyscall(x32Bit|unix.SYS_GETPID, 0, 0, 0)
	if no != 0 {
		return -1
	}
	return int64(pid)
}
