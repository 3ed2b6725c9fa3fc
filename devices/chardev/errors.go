package chardev

import (
	"errors"
	"io/fs"
	"net"
	"strconv"
	"strings"
)

// isClosed reports whether err only says that something was closed before.
func isClosed(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, fs.ErrClosed)
}

// fdsetOf returns N of a path /dev/fdset/N.
func fdsetOf(path string) (int64, bool) {
	text, ok := strings.CutPrefix(path, fdsetFolder)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil
}
