// Command protogen compiles core/plugin/proto and writes, beside each .proto file, the Go
// code of protoc-gen-go and protoc-gen-go-grpc, and a descriptor set of all of them that is
// checked in. It never changes a released version of a service in other than an additive
// way: what the checked-in set holds must still be there, unchanged.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
)

// protoRoot is the folder, from the root of the repository, that imports are relative to.
const protoRoot = "core/plugin/proto"

// descriptorSet is the checked-in descriptor set, from protoRoot.
const descriptorSet = "descriptors.binpb"

func main() {
	check := flag.Bool("check", false, "write nothing; fail where a file is not what it would write")
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	if err := run(context.Background(), *root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "protogen:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, root string, check bool) error {
	dir := filepath.Join(root, protoRoot)
	set, names, err := compile(ctx, dir)
	if err != nil {
		return err
	}
	old, err := released(dir)
	if err != nil {
		return err
	}
	if err := additive(old, set); err != nil {
		return fmt.Errorf("%w\nput the change into a new version, or, before the first release of this one, remove %s/%s",
			err, protoRoot, descriptorSet)
	}
	want, err := generate(ctx, root, set, names)
	if err != nil {
		return err
	}
	if want[descriptorSet], err = (proto.MarshalOptions{Deterministic: true}).Marshal(set); err != nil {
		return fmt.Errorf("descriptor set: %w", err)
	}
	if check {
		return compare(dir, want)
	}
	return write(dir, want)
}

// released reads the checked-in set; none is the empty set.
func released(dir string) (*descriptorpb.FileDescriptorSet, error) {
	var set descriptorpb.FileDescriptorSet
	raw, err := os.ReadFile(filepath.Join(dir, descriptorSet))
	if errors.Is(err, fs.ErrNotExist) {
		return &set, nil
	}
	if err != nil {
		return nil, err
	}
	if err := proto.Unmarshal(raw, &set); err != nil {
		return nil, fmt.Errorf("%s: %w", descriptorSet, err)
	}
	return &set, nil
}

// compare reports every file of want that differs from the one on disk, all at once.
func compare(dir string, want map[string][]byte) error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(want)) {
		got, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err != nil:
			errs = append(errs, err)
		case !bytes.Equal(got, want[name]):
			errs = append(errs, fmt.Errorf("%s/%s is out of date: run `tools/bazel run //:generate`", protoRoot, name))
		}
	}
	return errors.Join(errs...)
}

func write(dir string, want map[string][]byte) error {
	for _, name := range slices.Sorted(maps.Keys(want)) {
		path := filepath.Join(dir, name)
		if got, err := os.ReadFile(path); err == nil && bytes.Equal(got, want[name]) {
			continue
		}
		if err := os.WriteFile(path, want[name], 0o644); err != nil {
			return err
		}
		fmt.Println(protoRoot + "/" + name)
	}
	return nil
}
