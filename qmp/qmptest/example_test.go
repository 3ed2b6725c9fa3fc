package qmptest_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"time"

	goqemu "github.com/digitalocean/go-qemu/qmp"

	"github.com/qomd/qomd/qmp/qmptest"
)

// exampleT is what t is in a test. Examples have none, so this stands in.
func exampleT() *fakeT {
	t := &fakeT{}
	t.dir = func() string {
		dir, err := os.MkdirTemp("", "qmptest")
		if err != nil {
			panic(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		return dir
	}
	return t
}

// An unplug, and a guest that takes its time.
func Example() {
	t := exampleT()
	defer t.finish() // in a test t.Cleanup does that

	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp0,chassis=1"))
	c := m.Client()
	c.Must("device_add", qmptest.A{"driver": "qemu-xhci", "id": "x0", "bus": "rp0"})
	m.Acknowledge() // the guest sees the new device

	c.Must("device_del", qmptest.A{"id": "x0"})
	fmt.Println("events before the guest lets go:", len(c.Events()))
	m.Acknowledge()
	fmt.Println(c.Event())
	fmt.Println(c.Event())
	// Output:
	// events before the guest lets go: 0
	// DEVICE_DELETED {"path": "/machine/peripheral/x0/xhci-core"}
	// DEVICE_DELETED {"device": "x0", "path": "/machine/peripheral/x0"}
}

// Socket is for code that wants an address; here it is go-qemu.
func ExampleMachine_Socket() {
	t := exampleT()
	defer t.finish()

	m := qmptest.Start(t, qmptest.None())
	mon, err := goqemu.NewSocketMonitor("unix", m.Socket(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if err := mon.Connect(); err != nil {
		t.Fatal(err)
	}
	defer mon.Disconnect()
	reply, err := mon.Run([]byte(`{"execute": "query-status"}`))
	fmt.Println(strings.TrimSpace(string(reply)), err)
	// Output: {"return": {"status": "running", "running": true}} <nil>
}

// Dial is for code that takes a connection: it needs no file.
func ExampleMachine_Dial() {
	t := exampleT()
	defer t.finish()

	conn := qmptest.Start(t, qmptest.None()).Dial()
	lines := bufio.NewScanner(conn)
	lines.Scan() // the greeting
	fmt.Fprintln(conn, `{"execute": "qmp_capabilities", "id": 1}`)
	lines.Scan()
	fmt.Println(lines.Text())
	// Output: {"return": {}, "id": 1}
}

// Hold makes an unplug wait for its last reference; whoever wonders can ask.
func ExampleMachine_Hold() {
	t := exampleT()
	defer t.finish()

	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("qemu-xhci,id=usb"), qmptest.Device("usb-tablet,id=tab"))
	c := m.Client()
	release := m.Hold("/machine/peripheral/tab")
	c.Must("device_del", qmptest.A{"id": "tab"})
	var draining []struct {
		Path    string
		Objects []struct {
			References []struct{ Holder string }
		}
	}
	c.Must("x-query-draining", nil, &draining)
	for _, d := range draining {
		fmt.Println(d.Path, "is held by", d.Objects[0].References[0].Holder)
	}
	release()
	fmt.Println(c.Event())
	// Output:
	// /machine/peripheral/tab is held by qmptest /machine/peripheral/tab
	// DEVICE_DELETED {"device": "tab", "path": "/machine/peripheral/tab"}
}

// Step moves virtual time, by which a native port takes a request as forgotten
// after five seconds.
func ExampleMachine_Step() {
	t := exampleT()
	defer t.finish()

	m := qmptest.Start(t, qmptest.Q35(), qmptest.Device("pcie-root-port,id=rp0,chassis=1"),
		qmptest.Args("-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"))
	c := m.Client()
	m.Step(time.Second)
	c.Must("device_add", qmptest.A{"driver": "qemu-xhci", "id": "x0", "bus": "rp0"})
	m.Acknowledge()

	c.Must("device_del", qmptest.A{"id": "x0"})
	fmt.Println(c.MustFail("device_del", qmptest.A{"id": "x0"}))
	m.Step(5 * time.Second)
	c.Must("device_del", qmptest.A{"id": "x0"})
	// Output: Device x0 is already in the process of unplug
}

// GuestNone never acknowledges, as a guest that hangs.
func ExampleGuestNone() {
	t := exampleT()
	defer t.finish()

	m := qmptest.Start(t, qmptest.PC(), qmptest.GuestNone(), qmptest.Device("qemu-xhci,id=x0"))
	c := m.Client()
	c.Must("device_del", qmptest.A{"id": "x0"})
	m.Step(24 * time.Hour)
	fmt.Println("events after a day:", len(c.Events()))
	c.Must("system_reset", nil)
	fmt.Println(c.Await("DEVICE_DELETED").Member("path"))
	// Output:
	// events after a day: 0
	// /machine/peripheral/x0/xhci-core
}

// NewClient is another monitor of the same machine.
func ExampleMachine_NewClient() {
	t := exampleT()
	defer t.finish()

	m := qmptest.Start(t, qmptest.None())
	a, b := m.NewClient(), m.NewClient()
	a.Must("stop", nil)
	fmt.Println(a.Event(), b.Event())
	// Output: STOP STOP
}
