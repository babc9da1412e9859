package demo

import (
	"os/exec"
	"runtime"
)

// starter starts processes from one operating-system thread that lives as long
// as the demo: a parent-death signal is sent when the *thread* that started the
// child ends (prctl(2), PR_SET_PDEATHSIG), and Go ends threads as it likes.
type starter struct{ jobs chan job }

type job struct {
	cmd *exec.Cmd
	err chan error
}

func newStarter() *starter {
	s := &starter{jobs: make(chan job)}
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		for j := range s.jobs {
			j.err <- j.cmd.Start()
		}
	}()
	return s
}

func (s *starter) start(cmd *exec.Cmd) error {
	j := job{cmd, make(chan error)}
	s.jobs <- j
	return <-j.err
}
