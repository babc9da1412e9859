package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cleanroom-dev/cleanroom/tools/demo"
)

// needles are byte strings that must be found nowhere, by what they are.
type needles map[string][]byte

// add takes a secret in, as it is and as text formats would hold it.
func (n needles) add(name string, b []byte) {
	n[name] = bytes.Clone(b)
	n[name+" in hex"] = []byte(hex.EncodeToString(b))
	for shift := range 3 { // base64 of something longer that holds it
		skip, whole := (3-shift)%3, len(b)
		whole -= (whole - skip) % 3
		for what, enc := range map[string]*base64.Encoding{"base64": base64.RawStdEncoding, "URL base64": base64.RawURLEncoding} {
			n[fmt.Sprintf("%s in %s, %d bytes in", name, what, shift)] = []byte(enc.EncodeToString(b[skip:whole]))
		}
	}
}

// in lists what of n is in b.
func (n needles) in(b []byte) (found []string) {
	for name, v := range n {
		if bytes.Contains(b, v) {
			found = append(found, name)
		}
	}
	return found
}

// rows picks lines from the beginning, the middle and the end of each file of
// the data, whole and without their ends.
func rows(files string) (needles, error) {
	n := needles{}
	paths, err := filepath.Glob(filepath.Join(files, "data", "*", "*.csv"))
	if err != nil || len(paths) != 3 {
		return nil, fmt.Errorf("data: %v, %w", paths, err)
	}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		lines := strings.Split(strings.TrimSpace(string(b)), "\n")
		for _, i := range []int{1, 2, len(lines) / 2, len(lines) - 2, len(lines) - 1} {
			name := filepath.Base(filepath.Dir(p)) + "/" + filepath.Base(p) + " line " + strconv.Itoa(i+1)
			n.add(name, []byte(lines[i]))
			if long := len(lines[i]); long > 60 {
				n.add(name+", its middle", []byte(lines[i][long/2-20:long/2+20]))
			}
		}
	}
	return n, nil
}

// inFolder looks into every file below dir, and at every name.
func (n needles) inFolder(dir string) (files int, found []string, err error) {
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		b := []byte(rel)
		if e.Type().IsRegular() {
			if b, err = os.ReadFile(path); err != nil {
				return err
			}
			b = append(b, rel...)
			files++
		}
		for _, f := range n.in(b) {
			found = append(found, rel+" holds "+f)
		}
		return nil
	})
	return files, found, err
}

// inProcesses looks into every process's environment and arguments.
func (n needles) inProcesses() (seen int, found []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, d := range dirs {
		args, _ := os.ReadFile(filepath.Join(d, "cmdline"))
		env, err := os.ReadFile(filepath.Join(d, "environ"))
		if err != nil || len(args) == 0 {
			continue // gone, or a zombie
		}
		seen++
		for _, f := range n.in(append(append(env, 0), args...)) {
			found = append(found, fmt.Sprintf("%.80q has %s", args, f))
		}
	}
	return seen, found
}

// coreFiles lists the processes at and below root that may write a core file.
func coreFiles(root int) (seen int, may []string) {
	for _, pid := range append(demo.Descendants(root), root) {
		dir := filepath.Join("/proc", strconv.Itoa(pid))
		limits, err := os.ReadFile(filepath.Join(dir, "limits"))
		if err != nil {
			continue
		}
		for l := range strings.Lines(string(limits)) {
			if rest, ok := strings.CutPrefix(l, "Max core file size"); ok {
				seen++
				if strings.Fields(rest)[0] != "0" {
					args, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
					may = append(may, fmt.Sprintf("%.80q: %s", args, strings.TrimSpace(l)))
				}
			}
		}
	}
	return seen, may
}

// The search itself must find what is there, in every form.
func TestNeedlesAreFound(t *testing.T) {
	n := needles{}
	secret := []byte("842302,17.99,10.38,122.8,1001")
	n.add("a row", secret)
	for shift := range 4 {
		in := append(bytes.Repeat([]byte("x"), shift), append(secret, "yyy"...)...)
		for what, b := range map[string][]byte{
			"as it is": in, "hex": []byte(hex.EncodeToString(in)),
			"base64": []byte(base64.StdEncoding.EncodeToString(in)), "URL base64": []byte(base64.URLEncoding.EncodeToString(in)),
		} {
			if len(n.in(b)) == 0 {
				t.Errorf("not found in %s after %d bytes", what, shift)
			}
		}
	}
	if found := n.in([]byte("842302,17.99,10.38,122.8,1002")); found != nil {
		t.Errorf("found what is not there: %q", found)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "storage", "deep")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append([]byte("before"), secret...), 0o600); err != nil {
		t.Fatal(err)
	}
	if files, found, err := n.inFolder(dir); files != 1 || len(found) != 1 || err != nil {
		t.Errorf("inFolder = %d, %q, %v; want one file with the row", files, found, err)
	}
}
