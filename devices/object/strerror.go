package object

import (
	"errors"
	"strings"
	"syscall"
)

// Strerror is what QEMU's messages say of a failed system call, the C library's
// text: Go's with a capital letter. Of another error it is its text, likewise.
func Strerror(err error) string {
	var errno syscall.Errno
	text := err.Error()
	if errors.As(err, &errno) {
		text = errno.Error()
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
