package chardev

import "golang.org/x/sys/unix"

// Direct is the flag, for [Files.OpenFile], of a file that is to be read and
// written past the page cache: Linux' O_DIRECT.
const Direct = unix.O_DIRECT
