//go:build !linux

package chardev

// Direct asks for nothing: not every system has such a flag.
const Direct = 0
