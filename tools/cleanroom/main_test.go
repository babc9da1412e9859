package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/cleanroom-dev/cleanroom/core/plugin/sdk"
	"github.com/cleanroom-dev/cleanroom/core/policy/policytest"
	"github.com/cleanroom-dev/cleanroom/core/spec"
	"github.com/cleanroom-dev/cleanroom/core/spec/spectest"
	"github.com/cleanroom-dev/cleanroom/internal/needs"
	"github.com/cleanroom-dev/cleanroom/internal/place"
	"github.com/cleanroom-dev/cleanroom/tools/cleanroom/doctor"
)

func TestMain(m *testing.M) {
	if os.Getenv(sdk.Cookie) != "" {
		fakePlugin()
		return
	}
	testscript.Main(m, map[string]func(){
		"cleanroom": main, "cleanroomd": fakeRoom, "cleanroomd-sim": fakeRoom, "cleanroom-demo-sim": fakeDemo,
	})
}

// The scenarios are a manual: each begins with a valid study.yaml, the same as
// study.json, the images.lock of a release, and a release whose programs are fakes.
func TestScenarios(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			asJSON, err := spec.Canonical(spectest.Example(t))
			if err != nil {
				return err
			}
			lock, err := policytest.Lock().Marshal()
			if err != nil {
				return err
			}
			for name, b := range map[string][]byte{"study.yaml": []byte(spectest.YAML), "study.json": asJSON, "images.lock": lock} {
				if err := os.WriteFile(filepath.Join(e.WorkDir, name), b, 0o644); err != nil {
					return err
				}
			}
			state, err := place.State()
			if err != nil {
				return err
			}
			e.Setenv("STATE", state)
			e.Setenv("MACHINE_TMP", os.TempDir())
			return fakeRelease(filepath.Join(e.WorkDir, "release"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"edit": edit, "head": head, "exit": exit, "interrupt": interrupt, "as-user": asUser,
			"await": await, "value": value, "room": runFakeRoom, "broker": fakeBroker, "azurite": azurite},
		Condition: condition,
	})
}

// fakeRelease makes the folder of a release, with the programs that TestMain fakes.
func fakeRelease(dir string) error {
	for _, sub := range []string{"bin", "plugins", "demo"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"cleanroomd", "cleanroomd-sim", "cleanroom-demo-sim"} {
		path, err := exec.LookPath(name)
		if err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(dir, "bin", name)); err != nil {
			return err
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "plugins", "mystore.json"), pluginJSON, 0o644); err != nil {
		return err
	}
	return os.Symlink(self, filepath.Join(dir, "plugins", "mystore"))
}

// condition knows root, and demo: a machine that can run it. Where everything is required, both
// hold or the test fails.
func condition(name string) (bool, error) {
	var lacking []string
	switch name {
	case "root":
		if os.Geteuid() != 0 {
			lacking = []string{"root"}
		}
	case "demo":
		lacking = doctor.Lacking(doctor.Examine(context.Background()))
	default:
		return false, fmt.Errorf("unknown condition %q", name)
	}
	if len(lacking) > 0 && os.Getenv(needs.RequireVar) == "1" {
		return false, fmt.Errorf("needs %q", lacking)
	}
	return len(lacking) == 0, nil
}
