package main

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
)

// Of several accelerators the first is taken whose device is there; QEMU's
// words tell why others were not. The last needs no device.
func TestChooseAccel(t *testing.T) {
	there, absent := t.TempDir(), filepath.Join(t.TempDir(), "absent")
	noFile := []string{"Could not access KVM kernel module: No such file or directory", "failed to initialize kvm: No such file or directory"}
	for _, c := range []struct {
		device string
		names  []string
		want   string
		said   []string
	}{
		{absent, []string{"kvm", "tcg"}, "tcg", append(noFile, "falling back to tcg")},
		{absent, []string{"kvm"}, "kvm", nil},
		{absent, []string{"tcg", "kvm"}, "tcg", nil},
		{"/dev/null", []string{"kvm", "tcg"}, "kvm", nil},
		// A folder cannot be written to.
		{there, []string{"mshv", "tcg"}, "tcg", []string{
			"Failed to open " + there + ": Is a directory", "failed to initialize mshv: Operation not permitted", "falling back to tcg"}},
	} {
		var accels []config.Accel
		for _, name := range c.names {
			accels = append(accels, config.Accel{Name: name})
		}
		var said []string
		got := chooseAccel(accels, map[string]string{"kvm": c.device, "mshv": c.device}, func(text string) { said = append(said, text) })
		if got[0].Name != c.want {
			t.Errorf("%s of %v: %s", c.device, c.names, got[0].Name)
		}
		if diff := cmp.Diff(c.said, said); diff != "" {
			t.Errorf("%s of %v (-want +got):\n%s", c.device, c.names, diff)
		}
	}
}
