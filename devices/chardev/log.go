package chardev

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/qomd/qomd/devices/object"
)

// logFile keeps a copy of what front ends write (logfile= of every backend). A
// nil one keeps none.
type logFile struct {
	mu sync.Mutex
	f  *os.File
}

func (s *Set) openLog(path string, add bool) (*logFile, error) {
	if path == "" {
		return nil, nil
	}
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if add {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	f, err := s.host(context.Background(), path, flags)
	if err != nil {
		return nil, fmt.Errorf("Could not create '%s': %s", path, object.Strerror(err))
	}
	return &logFile{f: f}, nil
}

func (l *logFile) write(p []byte) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.f.Write(p)
}

func (l *logFile) close() {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.f.Close()
}
