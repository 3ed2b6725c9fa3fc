package qomtest

import (
	"os"
	"time"
)

// Descriptors counts what the process has open, of which a test is to leave none
// more. Without /proc the test is skipped.
func Descriptors(t interface {
	Helper()
	Skip(...any)
}) int {
	t.Helper()
	time.AfterFunc(time.Hour, func() {}).Stop() // the first makes Go open two for itself
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	return len(list)
}
