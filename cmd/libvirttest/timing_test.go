package libvirttest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// major is the first number of libvirt's version.
func (c *connection) major() int {
	c.t.Helper()
	_, version, _ := strings.Cut(c.run("version"), "Using library: libvirt ")
	number, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(number)
	if err != nil {
		c.t.Fatalf("libvirt %s: %v", version, err)
	}
	return n
}

// grace is how long after the reply an event is to come.
type grace struct{ name, env string }

var graces = []grace{{"0", "0"}, {"1ms", "1ms"}, {"5ms", "5ms"}, {"20ms", "20ms"}, {"default", ""}}

// DEVICE_DELETED comes after the reply, by as much as the emulator is told, and
// libvirt hears it.
func TestEventAndReply(t *testing.T) {
	t.Parallel()
	c := connect(t)
	major, xml := c.major(), c.file("net.xml", netXML)
	for _, g := range graces {
		t.Run(g.name, func(t *testing.T) {
			defer c.part(t)()
			name := "timing" + g.name
			c.start(name, fmt.Sprintf("<qemu:commandline><qemu:env name='QOMD_EVENT_GRACE' value='%s'/></qemu:commandline>", g.env))
			c.run("attach-device %s %s --live", name, xml)
			said := len(wire(t, c.root))
			took := c.took("detach-device %s %s --live", name, xml)
			if c.has(name, "ua-net") {
				t.Error("the device stays")
			}
			if eventBeforeReply(t, wire(t, c.root)[said:]) {
				t.Error("DEVICE_DELETED came before the reply")
			}
			// libvirt 12 misses what comes before its thread runs again, and may do
			// so on a busy machine with any time that is fixed.
			if took >= unplugTime && (major < 12 || g.env == "") {
				t.Errorf("detach returned after %v", took)
			}
			t.Logf("libvirt %d: detached after %v", major, took)
		})
	}
}

// eventBeforeReply reports whether a device was gone before the reply to the
// request that it go.
func eventBeforeReply(t *testing.T, list []message) bool {
	t.Helper()
	asked := slices.IndexFunc(list, func(m message) bool { return m.Execute == "device_del" })
	if asked < 0 {
		t.Fatal("nobody asked for a device")
	}
	reply := slices.IndexFunc(list, func(m message) bool { return m.Execute == "" && m.ID == list[asked].ID })
	event := slices.IndexFunc(list, func(m message) bool { return m.Event == "DEVICE_DELETED" })
	if reply < 0 || event < 0 {
		t.Fatalf("reply at %d, DEVICE_DELETED at %d", reply, event)
	}
	return event < reply
}
