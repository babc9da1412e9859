// Command app is the demo's application: untrusted, and curious. It trains a
// classifier on the joined data of two hospitals, calls the one API that is
// declared, and tries every way out or around that it can think of.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	northDir = "/data/north"
	southDir = "/data/south"
	outDir   = "/out"
)

func main() {
	mode := "run"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	var err error
	switch mode {
	case "run":
		err = run()
	case "read":
		err = read()
	case "sleep":
		fmt.Println("sleeping until somebody ends me")
		time.Sleep(10 * time.Minute)
	case "crash":
		fmt.Fprintln(os.Stderr, "about to fail")
		os.Exit(3)
	case "flood":
		for {
			fmt.Println("more and more and more and more and more and more and more and more")
		}
	default:
		err = fmt.Errorf("no mode %q", mode)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "app:", err)
		os.Exit(1)
	}
}

func run() error {
	patients, err := join(northDir, southDir)
	if err != nil {
		return err
	}
	fmt.Printf("joined %d patients with %d features\n", len(patients), len(patients[0].features))
	model, report := train(patients)
	fmt.Printf("trained on %d, held back %d: accuracy %.4f\n", report.Trained, report.HeldBack, report.Accuracy)
	calls := callAPI()
	for _, c := range calls {
		fmt.Printf("GET %s: %s\n", c.URL, c.Answer)
	}
	attempts := tryEverything()
	for _, a := range attempts {
		fmt.Printf("tried %s %s: %s\n", a.Name, a.Target, a.Error)
	}
	for name, v := range map[string]any{"model.json": model, "report.json": report, "calls.json": calls, "attempts.json": attempts} {
		b, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(outDir, name), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
