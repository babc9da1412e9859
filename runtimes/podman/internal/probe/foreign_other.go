//go:build !amd64

package probe

// There is no other architecture's call to make.
func int80() int64 { return -1 }
func x32() int64   { return -1 }
