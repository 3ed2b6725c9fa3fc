package chardev

import (
	"context"
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// IsPipe reports whether a path is that of a named pipe: opening one end waits
// for the other.
func IsPipe(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode()&os.ModeNamedPipe != 0
}

// pipePatience is how often it is looked whether a named pipe has got a reader:
// nothing tells.
const pipePatience = 10 * time.Millisecond

// OpenFile is os.OpenFile that waits for the other end of a named pipe only until
// ctx is done. Giving up is not noticed by others who open the pipe.
func OpenFile(ctx context.Context, path string, flags int, mode os.FileMode) (*os.File, error) {
	if !IsPipe(path) {
		return os.OpenFile(path, flags, mode)
	}
	for {
		f, err := os.OpenFile(path, flags|syscall.O_NONBLOCK, mode)
		switch {
		case errors.Is(err, syscall.ENXIO): // to be written, and nobody reads
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(pipePatience):
			}
		case err != nil || flags&(os.O_WRONLY|os.O_RDWR) != 0:
			return f, err
		default:
			return awaitWriter(ctx, f)
		}
	}
}

// awaitWriter waits until there is something to read from a pipe, if only its end.
func awaitWriter(ctx context.Context, f *os.File) (*os.File, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { f.SetReadDeadline(time.Unix(1, 0)) })()
	err = raw.Read(func(fd uintptr) bool {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 0)
		return n > 0 || err != nil && err != syscall.EINTR
	})
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
