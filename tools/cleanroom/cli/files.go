package cli

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/fault"
	"github.com/cleanroom-dev/cleanroom/core/policy"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	v1 "github.com/cleanroom-dev/cleanroom/core/spec/v1"
)

// maxFile bounds any document that a command reads into memory, in bytes.
const maxFile = 8 << 20

// readFile reads a document; "-" is standard input. Errors are Invalid and name the file.
func readFile(io_ Streams, name string) ([]byte, error) {
	var r io.Reader = io_.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, unreadable(name, err)
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, unreadable(name, err)
	}
	if len(b) > maxFile {
		return nil, fault.New(fault.Invalid, "read", "%s: is larger than %d bytes", name, maxFile)
	}
	return b, nil
}

func unreadable(name string, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err // its path is in the message already
	}
	return fault.New(fault.Invalid, "read", "%s: %w", name, err)
}

func readSpec(io Streams, name string) (*v1.Spec, error) {
	b, err := readFile(io, name)
	if err != nil {
		return nil, err
	}
	return spec.Decode(name, b)
}

func readLock(io Streams, name string) (*policy.Lock, error) {
	b, err := readFile(io, name)
	if err != nil {
		return nil, err
	}
	l, err := policy.ParseLock(b)
	if err != nil {
		return nil, fault.Wrap(name, err)
	}
	return l, nil
}

// render renders the policy of two files. What the release lacks makes the
// specification invalid for it, not unavailable: no other time will help.
func render(io Streams, specName, lockName string) (*v1.Spec, *policy.Lock, policy.Policy, error) {
	s, err := readSpec(io, specName)
	if err != nil {
		return nil, nil, policy.Policy{}, err
	}
	l, err := readLock(io, lockName)
	if err != nil {
		return nil, nil, policy.Policy{}, err
	}
	p, err := policy.Render(s, l)
	if fault.KindOf(err) == fault.NotFound {
		err = fault.New(fault.Invalid, specName, "%w", err)
	}
	return s, l, p, err
}
