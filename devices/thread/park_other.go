//go:build !linux

package thread

import "os"

// run parks a goroutine. Its number is the process's, as in QEMU where the
// system has no number for threads.
func (t *Thread) run(string) { t.park(os.Getpid()) }
