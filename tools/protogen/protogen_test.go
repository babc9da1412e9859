package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/descriptorpb"
)

const v1 = `syntax = "proto3";
package demo.v1;
enum Kind { KIND_UNSPECIFIED = 0; KIND_A = 1; }
message Ask { string name = 1; repeated bytes parts = 2; Kind kind = 3; message In { int64 n = 1; } oneof o { In in = 4; } }
message Answer { uint64 size = 1; }
service Store { rpc Get(Ask) returns (Answer); rpc List(Ask) returns (stream Answer); }
`

func compiled(t *testing.T, source string) *descriptorpb.FileDescriptorSet {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "demo.proto"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	set, names, err := compile(t.Context(), dir)
	if err != nil {
		t.Fatalf("compile(%s): %v", source, err)
	}
	if len(names) != 1 || names[0] != "demo.proto" {
		t.Fatalf("compile found %v, want demo.proto alone", names)
	}
	return set
}

func TestAdditive(t *testing.T) {
	for name, tc := range map[string]struct{ was, now, wantErr string }{
		"nothing changed is allowed":              {"", "", ""},
		"a new field is allowed":                  {"uint64 size = 1;", "uint64 size = 1; string etag = 2;", ""},
		"a new message is allowed":                {"message Answer {", "message More {} message Answer {", ""},
		"a new method is allowed":                 {"rpc Get(", "rpc Put(Ask) returns (Answer); rpc Get(", ""},
		"a new enum value is allowed":             {"KIND_A = 1;", "KIND_A = 1; KIND_B = 2;", ""},
		"a field taken away is refused":           {"uint64 size = 1;", "", "demo.v1.Answer.size: field 1 is gone"},
		"a field made reserved is refused":        {"uint64 size = 1;", "reserved 1;", "demo.v1.Answer.size: field 1 is gone"},
		"a field's other type is refused":         {"uint64 size = 1;", "int64 size = 1;", `was "optional uint64 size" and is "optional int64 size"`},
		"a field's other name is refused":         {"uint64 size = 1;", "uint64 length = 1;", "demo.v1.Answer.size: field 1"},
		"a field's other number is refused":       {"uint64 size = 1;", "uint64 size = 2;", "field 1 is gone"},
		"a field no longer repeated is refused":   {"repeated bytes parts", "bytes parts", "demo.v1.Ask.parts"},
		"a field moved out of a oneof is refused": {"oneof o { In in = 4; }", "In in = 4;", "demo.v1.Ask.in"},
		"a nested field taken away is refused":    {"int64 n = 1;", "", "demo.v1.Ask.In.n"},
		"a message renamed is refused":            {"Answer", "Reply", "demo.v1.Answer: the message is gone"},
		"an enum value renumbered is refused":     {"KIND_A = 1", "KIND_A = 2", "demo.v1.KIND_A"},
		"an enum gone is refused":                 {"Kind", "Sort", "demo.v1.Kind: the enum is gone"},
		"a method gone is refused":                {"rpc Get(Ask) returns (Answer);", "", "demo.v1.Store.Get: the method is gone"},
		"a method's other answer is refused":      {"Get(Ask) returns (Answer)", "Get(Ask) returns (Ask)", "demo.v1.Store.Get: the method takes or returns"},
		"a method no longer streaming is refused": {"stream Answer", "Answer", "demo.v1.Store.List"},
		"a service of another version is refused": {"demo.v1", "demo.v2", "demo.v1.Store: the service is gone"},
	} {
		t.Run(name, func(t *testing.T) {
			err := additive(compiled(t, v1), compiled(t, strings.ReplaceAll(v1, tc.was, tc.now)))
			if tc.wantErr == "" && err != nil || tc.wantErr != "" && (err == nil || !strings.Contains(err.Error(), tc.wantErr)) {
				t.Errorf("additive(%q → %q) = %v, want %q", tc.was, tc.now, err, tc.wantErr)
			}
		})
	}
}

func TestAFirstReleaseIsAllowed(t *testing.T) {
	old, err := released(t.TempDir())
	if err != nil {
		t.Fatalf("released(empty folder): %v", err)
	}
	if err := additive(old, compiled(t, v1)); err != nil {
		t.Errorf("additive(nothing → v1) = %v", err)
	}
}

func TestCheckNamesEveryStaleFile(t *testing.T) {
	dir, want := t.TempDir(), map[string][]byte{"a.pb.go": []byte("a"), "b.pb.go": []byte("b"), "c.pb.go": []byte("c")}
	if err := write(dir, want); err != nil {
		t.Fatal(err)
	}
	if err := compare(dir, want); err != nil {
		t.Errorf("compare right after write = %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.pb.go"), []byte("A"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "c.pb.go")); err != nil {
		t.Fatal(err)
	}
	err := compare(dir, want)
	if err == nil || !strings.Contains(err.Error(), "a.pb.go") || !strings.Contains(err.Error(), "c.pb.go") || strings.Contains(err.Error(), "b.pb.go") {
		t.Errorf("compare = %v, want a.pb.go and c.pb.go named alone", err)
	}
}
