package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// compile returns every .proto file under dir with all that they import, each file after
// its imports, and the names of those under dir, sorted.
func compile(ctx context.Context, dir string) (*descriptorpb.FileDescriptorSet, []string, error) {
	names, err := protoFiles(dir)
	if err != nil {
		return nil, nil, err
	}
	if len(names) == 0 {
		return nil, nil, fmt.Errorf("%s: no .proto file", dir)
	}
	compiler := protocompile.Compiler{
		Resolver:       protocompile.WithStandardImports(&protocompile.SourceResolver{ImportPaths: []string{dir}}),
		SourceInfoMode: protocompile.SourceInfoStandard, // comments go into the Go code
	}
	files, err := compiler.Compile(ctx, names...)
	if err != nil {
		return nil, nil, err
	}
	set, seen := &descriptorpb.FileDescriptorSet{}, map[string]bool{}
	var add func(protoreflect.FileDescriptor)
	add = func(f protoreflect.FileDescriptor) {
		if seen[f.Path()] {
			return
		}
		seen[f.Path()] = true
		for i := range f.Imports().Len() {
			add(f.Imports().Get(i).FileDescriptor)
		}
		set.File = append(set.File, protoutil.ProtoFromFileDescriptor(f))
	}
	for _, f := range files {
		add(f)
	}
	return set, names, nil
}

func protoFiles(dir string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".proto" {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(rel))
		return err
	})
	slices.Sort(names)
	return names, err
}

// generators are tool directives of go.mod, so go.sum pins them, with the options we give.
var generators = []struct{ tool, options string }{
	{"protoc-gen-go", "paths=source_relative"},
	{"protoc-gen-go-grpc", "paths=source_relative,require_unimplemented_servers=true"},
}

// generate returns what the generators make of names, by path from the folder of the protos.
func generate(ctx context.Context, root string, set *descriptorpb.FileDescriptorSet, names []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, g := range generators {
		req := &pluginpb.CodeGeneratorRequest{FileToGenerate: names, Parameter: proto.String(g.options), ProtoFile: set.File}
		res, err := callGenerator(ctx, root, g.tool, req)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", g.tool, err)
		}
		for _, f := range res.GetFile() {
			if !filepath.IsLocal(f.GetName()) {
				return nil, fmt.Errorf("%s: would write %q", g.tool, f.GetName())
			}
			out[f.GetName()] = []byte(f.GetContent())
		}
	}
	// The set that is checked in is for comparison; comments are not part of the contract.
	for _, f := range set.File {
		f.SourceCodeInfo = nil
	}
	return out, nil
}

func callGenerator(ctx context.Context, root, tool string, req *pluginpb.CodeGeneratorRequest) (*pluginpb.CodeGeneratorResponse, error) {
	in, err := proto.Marshal(req)
	if err != nil {
		return nil, err
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "go", "tool", tool)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = root, bytes.NewReader(in), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var res pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(stdout.Bytes(), &res); err != nil {
		return nil, err
	}
	if res.Error != nil {
		return nil, errors.New(res.GetError())
	}
	return &res, nil
}
