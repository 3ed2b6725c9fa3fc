package chardev

import (
	"fmt"
	"sync"
	"time"
)

// stamps puts the time before the lines that a multiplexer writes, when somebody
// asked for it. It is safe for concurrent use.
type stamps struct {
	mu      sync.Mutex
	on      bool
	started time.Time // when the first was written; zero: none was
	inLine  bool      // the last byte was no line's end
}

func (s *stamps) toggle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.on, s.started, s.inLine = !s.on, time.Time{}, true
}

// apply returns what is to be written for p, and whether that is not p itself.
func (s *stamps) apply(p []byte) (out []byte, changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.on {
		return p, false
	}
	for _, b := range p {
		if !s.inLine {
			if s.started.IsZero() {
				s.started = time.Now()
			}
			ms := time.Since(s.started).Milliseconds()
			out = fmt.Appendf(out, "[%02d:%02d:%02d.%03d] ", ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
		}
		s.inLine = b != '\n'
		out = append(out, b)
	}
	return out, true
}
