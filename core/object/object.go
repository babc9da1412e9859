// Package object names stored objects as sources and sinks see them:
// ciphertext with a version. It holds no data and no keys.
package object

// Info describes one version of one stored object.
type Info struct {
	Name string
	Size int64  // of the ciphertext, in bytes
	ETag string // names this version; opaque
}

// Condition says when a write may happen. Its zero value refuses to overwrite.
type Condition struct {
	Overwrite bool   // write whatever is there
	IfMatch   string // with Overwrite: only over this version; empty means any
}

// AnyVersion in place of an ETag asks for whichever version is current (RFC 9110, 13.1.1:
// If-Match: *). No answer has it.
const AnyVersion = "*"
