package hmp_test

import (
	"regexp"
	"strings"
	"testing"
)

// TestLockProfile: waits for the machine's lock are counted by who waited, and
// only while somebody wants that.
func TestLockProfile(t *testing.T) {
	m, h := newHuman(t, "none")
	run(t, m, h, "sync-profile on")
	for range 3 {
		run(t, m, h, "info status")
	}
	run(t, m, h, "sync-profile off")
	run(t, m, h, "info status")
	list := run(t, m, h, "info sync-profile")
	// The first line came before it was on, the last after it was off.
	row := regexp.MustCompile(`(?m)^BQL mutex  +0x[0-9a-f]+  qmp/hmp/socket_test\.go:\d+ +\d+\.\d{5} +4 +\d+\.\d\d\r$`)
	if !row.MatchString(list) {
		t.Errorf("no row of four waits in\n%s", list)
	}
	if got := run(t, m, h, "info sync-profile -m 0"); strings.Contains(got, "BQL") {
		t.Errorf("not even one is wanted:\n%s", got)
	}
	run(t, m, h, "sync-profile reset")
	if got := run(t, m, h, "info sync-profile"); strings.Contains(got, "BQL") {
		t.Errorf("after a reset:\n%s", got)
	}
}
