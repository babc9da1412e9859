// Command lint holds the rules of this repository that no general linter knows: arrows between
// packages, permits, and what is asked of every file. It reads and reports; it changes nothing.
package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/cleanroom-dev/cleanroom/tools/lint/imports"
	"github.com/cleanroom-dev/cleanroom/tools/lint/permits"
	"github.com/cleanroom-dev/cleanroom/tools/lint/source"
	"github.com/cleanroom-dev/cleanroom/tools/lint/text"
)

func main() {
	root := flag.String("root", ".", "root of the repository")
	flag.Parse()
	n, err := run(os.DirFS(*root), os.Stdout)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(1)
	case n > 0:
		fmt.Fprintf(os.Stderr, "lint: %d findings\n", n)
		os.Exit(1)
	}
}

// run prints every finding and returns how many there are.
func run(root fs.FS, out io.Writer) (int, error) {
	files, err := source.Go(root)
	if err != nil {
		return 0, err
	}
	if len(files) == 0 {
		return 0, fmt.Errorf("no Go file here: wrong -root")
	}
	found := append(imports.Check(files), permits.Check(files)...)
	err = source.Text(root, func(name string, content []byte) { found = append(found, text.Check(name, content)...) })
	source.Sort(found)
	for _, f := range found {
		fmt.Fprintln(out, f)
	}
	return len(found), err
}
