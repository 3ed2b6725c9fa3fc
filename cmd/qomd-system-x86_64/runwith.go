package main

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/qomd/qomd/config"
)

// runWith does what -run-with asks for, when the machine is ready: a root and a
// user of its own. Go does it for all threads.
func runWith(r config.RunWith) error {
	if r.Chroot != "" {
		if syscall.Chroot(r.Chroot) != nil || syscall.Chdir("/") != nil {
			return errors.New("chroot failed")
		}
	}
	if r.User == "" {
		return nil
	}
	groups := r.Groups
	if groups == nil {
		groups = []int{r.GID}
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("Failed to initgroups(\"%s\", %d)", r.User, r.GID)
	}
	if err := syscall.Setgid(r.GID); err != nil {
		return fmt.Errorf("Failed to setgid(%d)", r.GID)
	}
	if err := syscall.Setuid(r.UID); err != nil {
		return fmt.Errorf("Failed to setuid(%d)", r.UID)
	}
	return nil
}
