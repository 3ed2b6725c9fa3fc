package main

import (
	"fmt"
	"os"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/object"
)

// hostDevices are what accelerators need of the host.
func hostDevices() map[string]string {
	return map[string]string{"kvm": "/dev/kvm", "mshv": "/dev/mshv"}
}

// chooseAccel leaves the first accelerator that works, and says of those before
// what QEMU says. The last is taken as it is: no guest code runs here, so that
// who insists on KVM can have it anywhere. libvirt asks for "kvm:tcg", and
// compares what it gets with what it knows of /dev/kvm.
func chooseAccel(accels []config.Accel, devices map[string]string, say func(string)) []config.Accel {
	for i, a := range accels {
		device := devices[a.Name]
		if device == "" || i == len(accels)-1 {
			if i > 0 {
				say("falling back to " + a.Name)
			}
			return accels[i:]
		}
		f, err := os.OpenFile(device, os.O_RDWR, 0)
		if err == nil {
			f.Close()
			return accels[i:]
		}
		for _, line := range accelFailure(a.Name, device, object.Strerror(err)) {
			say(line)
		}
	}
	return accels
}

// accelFailure is what QEMU says of an accelerator whose device does not open.
func accelFailure(name, device, why string) []string {
	if name == "mshv" {
		return []string{fmt.Sprintf("Failed to open %s: %s", device, why), "failed to initialize mshv: Operation not permitted"}
	}
	return []string{"Could not access KVM kernel module: " + why, "failed to initialize kvm: " + why}
}
