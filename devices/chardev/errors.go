package chardev

import (
	"errors"
	"io/fs"
	"net"
	"strconv"
	"strings"
	"syscall"
)

// reason is the text that the C library has for a failed system call.
func reason(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		text := errno.Error()
		return strings.ToUpper(text[:1]) + text[1:]
	}
	return err.Error()
}

// isClosed reports whether err only says that something was closed before.
func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, fs.ErrClosed)
}

// fdsetOf returns N of a path /dev/fdset/N.
func fdsetOf(path string) (int64, bool) {
	text, ok := strings.CutPrefix(path, "/dev/fdset/")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
