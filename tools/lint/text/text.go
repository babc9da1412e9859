// Package text holds what is asked of every file whatever its language: short enough to read,
// no loose ends, no registry's host, no path of the machine it was written on. It spells none
// of what it looks for, so that it can be held to its own rules.
package text

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
)

// MaxLines is the longest a source file may be. Half of ours should be below 120.
const MaxLines = 500

var (
	measured = []string{".go", ".bzl", ".rego", ".sh", ".proto", ".py"}
	// Names of files that a program writes.
	generated = []string{".pb.go", "tools/build/go_deps.bzl"}
	// Locks and sums name many things that nobody wrote.
	locks = []string{"go.sum", "package-lock.json", "tools/build/go_deps.bzl"}

	loose    = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)
	machine  = regexp.MustCompile(`(?:^|[^[:word:]./*}~-])/(?:wo` + `rk|ro` + `ot)/|/tm` + `p/[a-z]+-[0-9]`)
	hostLike = regexp.MustCompile(`[a-z0-9-]+(?:\.[a-z0-9-]+)+`)
)

// Check returns what it objects to in one file.
func Check(name string, content []byte) []source.Finding {
	var found []source.Finding
	add := func(line int, format string, args ...any) {
		found = append(found, source.Finding{Path: name, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	lines := bytes.Split(bytes.TrimSuffix(content, []byte("\n")), []byte("\n"))
	if slices.Contains(measured, path.Ext(name)) && !hasSuffix(name, generated) && len(lines) > MaxLines {
		add(0, "%d lines; more than %d is two files", len(lines), MaxLines)
	}
	if hasSuffix(name, locks) {
		return found
	}
	for i, line := range lines {
		if m := loose.Find(line); m != nil {
			add(i+1, "%s: do it, or open an issue", m)
		}
		if m := machine.Find(line); m != nil {
			add(i+1, "%q is a path of one machine", m)
		}
		for _, token := range hostLike.FindAllString(strings.ToLower(string(line)), -1) {
			if registry(token) {
				add(i+1, "names a package registry's host; use the ordinary client's own configuration")
			}
		}
	}
	return found
}

// registry says whether host, or a domain that it is in, is one of the registries.
func registry(host string) bool {
	for strings.Contains(host, ".") {
		sum := sha256.Sum256([]byte(host))
		if registries[hex.EncodeToString(sum[:])] {
			return true
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return false
}

func hasSuffix(name string, suffixes []string) bool {
	return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
}

// registries are SHA-256 digests of the names of package registries' hosts.
var registries = map[string]bool{
	"8743857e3ea00fd1c64bbc68b8af241954ad2c285e7a60340eec7ea5dcb200db": true,
	"87d14f070cb9686970d008f9f94e668075fd37620381409858bf040ae1271d51": true,
	"a4aa2ac280bb8d1a0ce7a1be5a7bfb10292b49fe9435ad5cff19f421f3c70e41": true,
	"8b5bb5eb9d758455b8635855cf8aaf05b68775e3f83f0291e800ef338fb9783c": true,
	"00a7dc5a0cc388586b8665846e7d8ae94a6dd096f2aa1aa3b4aab4ac484f998a": true,
	"9da5f32d964125123cc368f231b473bea59307f811c7b9b2e731601e586b82b5": true,
	"e680c440a2e92079ab1bf7a927e8d3920f1bcd173c0487e28e020110b2e59efc": true,
	"2e97613f5a81eaa4f8a58f552a005713c0c8f333e026efb7771ad28429532374": true,
	"1ba4e37997a2e986efa6cd844e43fd25b9e816359d31612baa9c18b71e3b5294": true,
	"317d2d52829b78129d2c9e43d001899f0c8d30968bae00b848a47154df56b0ca": true,
	"43c04ed1dabe979b9c552549bf0ab023abd3e1cc6d5ff7f42cfa2296b0973a67": true,
	"789e46d79514e28093cabe2bb4a0798266f584b0e508ef269ebabb6e57859290": true,
	"751e78d2922d4e32cbaee8975619db8e36a917917c798d906360357b1882733e": true, // of the test
}
