package main

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

func TestEveryLintIsRun(t *testing.T) {
	root := fstest.MapFS{
		"core/fault/a.go": {Data: []byte("package fault\n\nimport _ \"" + source.Module + "/core/room\"\n")},
		"core/room/a.go":  {Data: []byte("package room\n\nimport \"" + source.Module + "/core/permit\"\n\nvar f = permit.Issue\n")},
		"README.md":       {Data: []byte("TO" + "DO\n")},
	}
	var out bytes.Buffer
	n, err := run(root, &out)
	if err != nil || n != 3 {
		t.Fatalf("run = %d, %v, %s; want three findings", n, err, &out)
	}
	for _, want := range []string{"README.md:1: ", "core/fault/a.go:3: ", "core/room/a.go:5: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("run printed %s; want %s", &out, want)
		}
	}
}

func TestWhatIsNotOursIsLeftOut(t *testing.T) {
	bad := &fstest.MapFile{Data: []byte("package a\n\nimport _ \"" + source.Module + "/core/room\"\n// TO" + "DO\n")}
	root := fstest.MapFS{
		"core/room/a.go":            {Data: []byte("package room\n")},
		"bazel-out/core/fault/a.go": bad,
		".git/a.go":                 bad,
		"x/node_modules/a.go":       bad,
	}
	var out bytes.Buffer
	if n, err := run(root, &out); n != 0 || err != nil {
		t.Errorf("run = %d, %v, %s; want nothing", n, err, &out)
	}
}

func TestAnEmptyTreeIsAnError(t *testing.T) {
	if _, err := run(fstest.MapFS{}, &bytes.Buffer{}); err == nil {
		t.Error("run of an empty tree succeeds")
	}
}
