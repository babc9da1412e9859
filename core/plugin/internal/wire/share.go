package wire

import (
	"sync"

	"golang.org/x/sys/unix"

	"github.com/cleanroom-dev/cleanroom/core/digest"
)

// binaries are the sealed copies that launches under way use. A room starts several
// instances of one binary at once; it is copied and hashed for all of them together.
// Nobody can change a sealed copy, so that nobody learns of the others by it.
var binaries = shared{m: map[which]*copied{}}

type which struct {
	path string
	want digest.SHA256
}

type shared struct {
	mu sync.Mutex
	m  map[which]*copied
}

type copied struct {
	users int       // guarded by shared.mu
	once  sync.Once // makes the two below
	fd    int
	err   error
}

// get is sealed for one launch, which calls done when it needs the descriptor no more.
func (s *shared) get(path string, want digest.SHA256) (fd int, done func(), err error) {
	id := which{path, want}
	s.mu.Lock()
	c := s.m[id]
	if c == nil {
		c = &copied{}
		s.m[id] = c
	}
	c.users++
	s.mu.Unlock()
	c.once.Do(func() { c.fd, c.err = sealed(path, want) })
	done = func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if c.users--; c.users > 0 {
			return
		}
		delete(s.m, id)
		if c.err == nil {
			unix.Close(c.fd)
		}
	}
	if c.err != nil {
		done()
		return -1, nil, c.err
	}
	return c.fd, done, nil
}
