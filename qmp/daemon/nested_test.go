package daemon_test

import (
	"testing"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/qmp/daemon"
)

// What is nested in a device goes to a bus of it or of its parts, to one with
// room where there are several.
func TestNested(t *testing.T) {
	for _, c := range []struct{ device, want string }{
		{`{driver: virtio-scsi-pci, id: x, devices: [{driver: scsi-cd, id: a}, {driver: scsi-cd, id: b}]}`, ""},
		{`{driver: ich9-ahci, id: x, devices: [{driver: ide-cd, id: a}, {driver: ide-cd, id: b}]}`, ""},
		{`{driver: usb-hub, id: x, devices: [{driver: usb-tablet}]}`, "a.yaml:5: machines[0].devices[0]: No 'usb-bus' bus found for device 'usb-hub'"},
		{`{driver: virtio-scsi-pci, id: x, devices: [{driver: pci-testdev}]}`,
			"a.yaml:5: machines[0].devices[0].devices[0]: No 'PCI' bus found for device 'pci-testdev'"},
		{`{driver: virtio-serial-pci, id: x, devices: [{driver: virtio-scsi-device}]}`,
			"a.yaml:5: machines[0].devices[0].devices[0]: Bus 'virtio-bus' is full"},
	} {
		cfg, err := config.Parse("a.yaml", []byte("machines:\n- type: q35\n  nodefaults: true\n  devices:\n  - "+c.device+"\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		vm, err := daemon.Start(cfg.Machines[0], daemon.Options{Shared: &shared})
		if err != nil {
			got = err.Error()
		} else {
			vm.Close()
		}
		if got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.device, got, c.want)
		}
	}
}
