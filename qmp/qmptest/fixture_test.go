package qmptest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// rootPort is a place to plug things; native has PCI Express' own hot-plug
// registers there instead of ACPI's.
const rootPort = "pcie-root-port,id=rp0,chassis=1"

var native = qmptest.Args("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")

// q35 starts a machine with a free root port.
func q35(t testing.TB, opts ...qmptest.Option) (*qmptest.Machine, *qmptest.Client) {
	t.Helper()
	m := qmptest.Start(t, append([]qmptest.Option{qmptest.Q35(), qmptest.Device(rootPort)}, opts...)...)
	return m, m.Client()
}

// addXHCI plugs the controller of most tests, in a slot the guest has powered.
func addXHCI(m *qmptest.Machine, c *qmptest.Client) {
	c.Must("device_add", newX0)
	m.Acknowledge()
}

var (
	newX0 = qmptest.A{"driver": "qemu-xhci", "id": "x0", "bus": "rp0"}
	x0    = qmptest.A{"id": "x0"}
)

// x0Gone is what clients see of the controller's end.
var x0Gone = []string{
	"DEVICE_DELETED /machine/peripheral/x0/xhci-core",
	"DEVICE_DELETED x0 /machine/peripheral/x0",
}

// lines makes events short.
func lines(events ...qmptest.Event) []string {
	list := []string{}
	for _, e := range events {
		s := e.Name
		for _, member := range []string{"device", "path"} {
			if v := e.Member(member); v != "" {
				s += " " + v
			}
		}
		list = append(list, s)
	}
	return list
}

// wantEvents compares what has come by now.
func wantEvents(t testing.TB, c *qmptest.Client, want ...string) {
	t.Helper()
	wantEqual(t, append([]string{}, want...), lines(c.Events()...))
}

func wantEqual[T any](t testing.TB, want, got T) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}
