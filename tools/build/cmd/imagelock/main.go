// Command imagelock merges what ociimage said of each image and the digests of programs into
// images.lock. It never reads anything but the files that it is given.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/cleanroom-dev/cleanroom/core/canonical"
	"github.com/cleanroom-dev/cleanroom/core/digest"
	"github.com/cleanroom-dev/cleanroom/core/policy"
)

// list is a flag that may be given many times.
type list []string

func (l *list) String() string     { return fmt.Sprint(*l) }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

func main() {
	var images, binaries list
	out := flag.String("out", "", "file to write")
	flag.Var(&images, "image", "fragment that ociimage wrote")
	flag.Var(&binaries, "binary", "NAME=FILE")
	flag.Parse()
	if err := run(*out, images, binaries, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "imagelock:", err)
		os.Exit(1)
	}
}

func run(out string, images, binaries, rest []string) error {
	if out == "" || len(rest) > 0 {
		return fmt.Errorf("want -out and no arguments, got %q", rest)
	}
	var lock policy.Lock
	for _, path := range images {
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var image policy.Image
		if err := canonical.Unmarshal(raw, &image); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		lock.Images = append(lock.Images, image)
	}
	for _, pair := range binaries {
		name, path, ok := strings.Cut(pair, "=")
		if !ok {
			return fmt.Errorf("want NAME=FILE, got %q", pair)
		}
		binary, err := measure(name, path)
		if err != nil {
			return err
		}
		lock.Binaries = append(lock.Binaries, binary)
	}
	raw, err := lock.Marshal()
	if err != nil {
		return err
	}
	return os.WriteFile(out, raw, 0o644)
}

// measure returns the entry of the program in the file at path.
func measure(name, path string) (policy.Binary, error) {
	f, err := os.Open(path)
	if err != nil {
		return policy.Binary{}, err
	}
	defer f.Close()
	sum, err := digest.OfReader(f)
	if err != nil {
		return policy.Binary{}, fmt.Errorf("%s: %w", path, err)
	}
	return policy.Binary{Name: name, SHA256: sum}, nil
}
