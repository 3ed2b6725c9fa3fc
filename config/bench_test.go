package config_test

import (
	"testing"

	"github.com/qomd/qomd/config"
)

func BenchmarkParseArgs(b *testing.B) {
	args := []string{"-machine", "q35", "-accel", "qtest", "-nodefaults", "-display", "none",
		"-device", "qemu-xhci,id=xhci", "-qmp", "unix:/tmp/qmp.sock,server=on,wait=off"}
	for b.Loop() {
		if _, err := config.ParseArgs(prog, args); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFleet loads the description of a hundred machines.
func BenchmarkFleet(b *testing.B) {
	for b.Loop() {
		if _, err := config.Load("../examples/fleet.yaml", nil); err != nil {
			b.Fatal(err)
		}
	}
}
