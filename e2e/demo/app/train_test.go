package main

import (
	"path/filepath"
	"testing"
)

func TestClassifier(t *testing.T) {
	all, err := join(filepath.Join("..", "data", "north"), filepath.Join("..", "data", "south"))
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 569 || len(all[0].features) != 30 {
		t.Fatalf("joined %d patients with %d features, want 569 with 30", len(all), len(all[0].features))
	}
	_, r := train(all)
	if r.Accuracy < 0.9 || r.HeldBack < 100 || r.Trained+r.HeldBack != 569 {
		t.Errorf("report %+v, want an accuracy above 0.9 on more than 100 held-back patients", r)
	}
}

func TestNobodyInCommonIsAnError(t *testing.T) {
	if _, err := join(filepath.Join("..", "data", "south"), t.TempDir()); err == nil {
		t.Error("join of nothing succeeded")
	}
}
