package chardev

import (
	"context"
	"os"
	"syscall"
)

// IsPipe reports whether a path is that of a named pipe: opening one end waits
// for the other.
func IsPipe(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// OpenFile is os.OpenFile that waits for the other end of a named pipe only until
// ctx is done.
func OpenFile(ctx context.Context, path string, flags int, mode os.FileMode) (*os.File, error) {
	if !IsPipe(path) {
		return os.OpenFile(path, flags, mode)
	}
	opened := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		// Whoever is both ends ends the wait.
		if f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0); err == nil {
			<-opened
			f.Close()
		}
	})
	defer stop()
	f, err := os.OpenFile(path, flags, mode)
	close(opened)
	if err == nil && ctx.Err() != nil {
		f.Close()
		return nil, ctx.Err()
	}
	return f, err
}
