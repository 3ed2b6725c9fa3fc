package machine_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/qmp/qmptest"
)

// TestStandardHotplug: the guest serves the standard hot-plug controller of a
// bridge whose slots ACPI leaves alone: what comes is switched on and driven,
// what is asked to leave leaves as the temper of the guest says.
func TestStandardHotplug(t *testing.T) {
	for board, global := range map[string]string{
		"pc": "PIIX4_PM.acpi-pci-hotplug-with-bridge-support=off", "q35": "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
	} {
		q := qmptest.Start(t, qmptest.GuestLinux(), qmptest.Args("-machine", board, "-nodefaults", "-global", global,
			"-device", "pci-bridge,id=br,chassis_nr=1,shpc=on"))
		c, m := q.Client(), q.VM.Machine
		temper := func(change func(o *guest.Options)) {
			m.Do(func() {
				l := m.Guest().(*guest.Linux)
				o := guest.Options{}
				change(&o)
				l.SetOptions(o)
			})
		}
		c.Must("device_add", qmptest.A{"driver": "virtio-rng-pci", "id": "r", "bus": "br", "addr": "3"})
		m.Do(func() {
			if got := backend(t, m, "r").Status(); got != 15 {
				t.Errorf("%s: the device behind the bridge is not driven: status %#x", board, got)
			}
		})
		temper(func(o *guest.Options) {
			o.Devices = []guest.DeviceTemper{{Device: "r", Temper: guest.Temper{Answer: guest.Busy}}}
		})
		c.Must("device_del", qmptest.A{"id": "r"})
		want := "Hot-unplug failed: guest is busy (power indicator blinking)"
		if got := c.MustFail("device_del", qmptest.A{"id": "r"}); got != want {
			t.Errorf("%s: %s", board, got)
		}
		c.Must("qom-set", qmptest.A{"path": "/machine/guest", "property": "devices", "value": qmptest.A{}})
		if e := c.Await("DEVICE_DELETED"); e.Member("path") != "/machine/peripheral/r/virtio-backend" {
			t.Errorf("%s: %s", board, e)
		}
		if diff := cmp.Diff("r", c.Await("DEVICE_DELETED").Member("device")); diff != "" {
			t.Errorf("%s: device (-want +got):\n%s", board, diff)
		}
		temper(func(o *guest.Options) { o.Temper.Release = time.Second })
		c.Must("device_add", qmptest.A{"driver": "i82550", "id": "n", "bus": "br", "addr": "1f.0"})
		c.Must("device_del", qmptest.A{"id": "n"})
		if e := c.Events(); len(e) != 0 {
			t.Errorf("%s: %v before the driver let go", board, e)
		}
		q.Step(time.Second)
		c.Await("DEVICE_DELETED")
	}
}
