package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

const childVar = "BROKER_TEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVar) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The production broker has no flag by which it could trust a simulator.
func TestNoWayToASimulatedRoot(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, os.Args[0], "--listen", "127.0.0.1:0", "--sim-root", "x")
	c.Env = []string{childVar + "=1"}
	out, _ := c.CombinedOutput()
	if c.ProcessState.ExitCode() != 2 || !strings.Contains(string(out), "-sim-root") || strings.Contains(string(out), "SIMULATED") {
		t.Errorf("exit %d: %s", c.ProcessState.ExitCode(), out)
	}
}
