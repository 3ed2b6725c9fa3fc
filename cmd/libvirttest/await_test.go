package libvirttest

import (
	"testing"
	"time"
)

// await asks libvirt again and again, which tells nobody when it has heard of
// something, and fails with the complaint when it takes longer than patience.
func await(t *testing.T, complaint string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(complaint)
		}
	}
}
