// Command ociimage writes a single-layer OCI image layout as a tar file, and beside it what
// the attestation policy must know of it: manifest, configuration, layer digests and the
// layers' dm-verity roots. Its output depends on the contents and names of its inputs alone:
// it never reads a clock, an owner, a mode or the environment.
package main

import (
	"bytes"

	"errors"
	"flag"
	"fmt"
	"os"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
)

// list is a flag that may be given many times.
type list []string

func (l *list) String() string     { return fmt.Sprint(*l) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

type options struct {
	name, out, lock      string
	programs, data, dirs list
	entrypoint, env      list
	user, workDir        string
}

func main() {
	var o options
	flag.StringVar(&o.name, "name", "", "the image's name in images.lock")
	flag.StringVar(&o.out, "out", "", "file to write the layout to, as tar")
	flag.StringVar(&o.lock, "lock", "", "file to write the fragment of images.lock to")
	flag.Var(&o.programs, "program", "DST=SRC, executable in the image")
	flag.Var(&o.data, "data", "DST=SRC, readable in the image")
	flag.Var(&o.dirs, "dir", "empty folder of the image")
	flag.Var(&o.entrypoint, "entrypoint", "one word of the entrypoint")
	flag.Var(&o.env, "env", "NAME=VALUE")
	flag.StringVar(&o.user, "user", "", "uid:gid")
	flag.StringVar(&o.workDir, "workdir", "/", "folder that the program starts in")
	flag.Parse()
	if err := run(o, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
}

func run(o options, rest []string) error {
	if len(rest) > 0 || o.name == "" || o.out == "" || o.lock == "" || len(o.entrypoint) == 0 || o.user == "" {
		return errors.New("want -name, -out, -lock, -user, -entrypoint and no arguments")
	}
	layer, err := o.layer()
	if err != nil {
		return err
	}
	img, err := build(layer, config{entrypoint: o.entrypoint, env: o.env, user: o.user, workDir: o.workDir})
	if err != nil {
		return err
	}
	fragment, err := describe(o.name, layer, img)
	if err != nil {
		return err
	}
	raw, err := canonical.Marshal(fragment)
	if err != nil {
		return err
	}
	var tarball bytes.Buffer
	if err := writeLayout(&tarball, img); err != nil {
		return err
	}
	if err := os.WriteFile(o.out, tarball.Bytes(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(o.lock, raw, 0o644)
}

func (o options) layer() ([]byte, error) {
	fs := files{}
	errs := []error{fs.addAll(o.programs, modeProgram), fs.addAll(o.data, modeData)}
	for _, d := range o.dirs {
		errs = append(errs, fs.add(d, entry{dir: true, mode: modeDir}))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return fs.layer()
}
