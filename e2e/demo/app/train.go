package main

import (
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strconv"
)

type patient struct {
	id        string
	features  []float64
	malignant float64 // 1 or 0
}

// model is a logistic regression over standardised features.
type model struct {
	Mean    []float64 `json:"mean"`
	Scale   []float64 `json:"scale"`
	Weights []float64 `json:"weights"`
	Bias    float64   `json:"bias"`
}

type report struct {
	Trained   int     `json:"trained"`
	HeldBack  int     `json:"heldBack"`
	Accuracy  float64 `json:"accuracy"`  // on held-back rows
	Precision float64 `json:"precision"` // of "malignant"
	Recall    float64 `json:"recall"`    // of "malignant"
}

func join(north, south string) ([]patient, error) {
	n, err := table(filepath.Join(north, "measurements.csv"))
	if err != nil {
		return nil, err
	}
	s, err := table(filepath.Join(south, "measurements.csv"))
	if err != nil {
		return nil, err
	}
	diagnosis, err := table(filepath.Join(south, "diagnosis.csv"))
	if err != nil {
		return nil, err
	}
	var all []patient
	for id, row := range n {
		more, d := s[id], diagnosis[id]
		if more == nil || len(d) != 1 {
			continue
		}
		p := patient{id: id}
		for _, field := range append(append([]string(nil), row...), more...) {
			f, err := strconv.ParseFloat(field, 64)
			if err != nil {
				return nil, fmt.Errorf("patient %s: %w", id, err)
			}
			p.features = append(p.features, f)
		}
		if d[0] == "malignant" {
			p.malignant = 1
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no patient is known to both hospitals")
	}
	sort.Slice(all, func(i, j int) bool { return all[i].id < all[j].id })
	return all, nil
}

// table reads a CSV file with a header into rows by their first column.
func table(path string) (map[string][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t := map[string][]string{}
	for i, r := range rows {
		if i > 0 {
			t[r[0]] = r[1:]
		}
	}
	return t, nil
}

// heldBack takes three patients in ten, the same ones in every run.
func heldBack(id string) bool {
	h := fnv.New32a()
	h.Write([]byte(id))
	return h.Sum32()%10 < 3
}

const (
	rounds = 400
	rate   = 0.5
	decay  = 1e-3
)

func train(all []patient) (model, report) {
	var learn, test []patient
	for _, p := range all {
		if heldBack(p.id) {
			test = append(test, p)
		} else {
			learn = append(learn, p)
		}
	}
	m := standardise(learn)
	for range rounds {
		grad, bias := make([]float64, len(m.Weights)), 0.0
		for _, p := range learn {
			d := m.probability(p.features) - p.malignant
			for j := range grad {
				grad[j] += d * (p.features[j] - m.Mean[j]) / m.Scale[j]
			}
			bias += d
		}
		for j := range grad {
			m.Weights[j] -= rate * (grad[j]/float64(len(learn)) + decay*m.Weights[j])
		}
		m.Bias -= rate * bias / float64(len(learn))
	}
	return m, m.judge(test, len(learn))
}

func standardise(ps []patient) model {
	k := len(ps[0].features)
	m := model{Mean: make([]float64, k), Scale: make([]float64, k), Weights: make([]float64, k)}
	for j := range k {
		for _, p := range ps {
			m.Mean[j] += p.features[j] / float64(len(ps))
		}
		for _, p := range ps {
			d := p.features[j] - m.Mean[j]
			m.Scale[j] += d * d / float64(len(ps))
		}
		m.Scale[j] = math.Max(math.Sqrt(m.Scale[j]), 1e-12)
	}
	return m
}

func (m model) probability(x []float64) float64 {
	z := m.Bias
	for j, w := range m.Weights {
		z += w * (x[j] - m.Mean[j]) / m.Scale[j]
	}
	return 1 / (1 + math.Exp(-z))
}

func (m model) judge(test []patient, trained int) report {
	var right, truePos, said, are float64
	for _, p := range test {
		positive := m.probability(p.features) > 0.5
		if positive == (p.malignant == 1) {
			right++
		}
		if positive {
			said++
			truePos += p.malignant
		}
		are += p.malignant
	}
	return report{Trained: trained, HeldBack: len(test), Accuracy: right / math.Max(1, float64(len(test))),
		Precision: truePos / math.Max(1, said), Recall: truePos / math.Max(1, are)}
}
