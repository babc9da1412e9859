package main

import (
	"strings"
	"testing"
)

const gomod = `module x

go 1.26.0

require (
	golang.org/x/sys v0.1.0
	github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.8.3
	github.com/bazelbuild/rules_go v0.65.0
	example.com/other v1.0.0 // indirect
)
`

func TestRewrite(t *testing.T) {
	got, err := rewrite([]byte("a\nuse_repo(\n    go_deps,\n    \"old\",\n)\nb\n"), []byte(gomod))
	want := "a\nuse_repo(\n    go_deps,\n    \"com_github_azure_azure_sdk_for_go_sdk_storage_azblob\",\n    \"org_golang_x_sys\",\n)\nb\n"
	if err != nil || string(got) != want {
		t.Errorf("rewrite = %q, %v; want %q", got, err, want)
	}
	again, err := rewrite(got, []byte(gomod))
	if err != nil || string(again) != want {
		t.Errorf("rewrite of its own result = %q, %v; want no change", again, err)
	}
}

func TestAModuleFileWithoutAListIsRefused(t *testing.T) {
	for _, module := range []string{"", "module(name = \"x\")\n", begin} {
		if _, err := rewrite([]byte(module), []byte(gomod)); err == nil || !strings.Contains(err.Error(), "no use_repo") {
			t.Errorf("rewrite(%q) = %v, want it refused", module, err)
		}
	}
}
