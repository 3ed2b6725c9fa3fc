package net

import (
	"errors"
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
