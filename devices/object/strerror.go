package object

import (
	"errors"
	"fmt"
	"io"
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

// Unread is what QEMU's messages say when all of something should have been read
// from a socket (qio_channel_read_all) and was not.
func Unread(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("Unexpected end-of-file before all data were read")
	}
	return fmt.Errorf("Unable to read from socket: %s", Strerror(err))
}

// Unwritten is what they say when something could not be written to a socket.
func Unwritten(err error) error {
	return fmt.Errorf("Unable to write to socket: %s", Strerror(err))
}
