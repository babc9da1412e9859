package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// read reads all inputs through once, in order, as an application with much more data
// than memory does. It is for measurements, and leaves no report.
func read() error {
	var total int64
	begin := time.Now()
	buf := make([]byte, 1<<20)
	for _, dir := range []string{northDir, southDir} {
		if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			n, err := readFile(path, buf)
			total += n
			return err
		}); err != nil {
			return err
		}
	}
	seconds := time.Since(begin).Seconds()
	fmt.Printf("read %d bytes in %.3f s\n", total, seconds)
	return nil
}

func readFile(path string, buf []byte) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{f}, buf)
}
