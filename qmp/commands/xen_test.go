package commands_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
)

// What xen-save-devices-state writes gives the registers back their content, on
// a machine with the same devices only.
func TestDevicesStateInFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	call := func(m *machine.Machine, name string, args ...qjson.Member) error {
		set := commands.New(m, commands.Schema(m.Options().Catalog), nil)
		var err error
		m.Do(func() { _, err = set.Call(nil, name, qjson.NewObject(args...)) })
		return err
	}
	is := func(name string, value any) qjson.Member { return qjson.Member{Name: name, Value: value} }
	pc := func(plugged bool) *machine.Machine {
		m, err := machine.New(machine.Options{Type: "pc"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		m.Do(func() {
			if err = m.Build(); err == nil {
				err = m.Ready(false)
			}
		})
		if err == nil && plugged {
			err = call(m, "device_add", is("driver", "qemu-xhci"), is("id", "x0"), is("addr", "5"))
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	// The interrupt line register of slot 5, through the configuration ports.
	line := func(m *machine.Machine, set *byte) (got byte) {
		m.Do(func() {
			m.IOSpace().WriteN(0xcf8, 4, 1<<31|5<<11|0x3c)
			if set != nil {
				m.IOSpace().WriteN(0xcfc, 1, uint64(*set))
			}
			v, _ := m.IOSpace().ReadN(0xcfc, 1)
			got = byte(v)
		})
		return got
	}
	m := pc(true)
	before, after := byte(11), byte(10)
	if got := line(m, &before); got != before {
		t.Fatalf("the register takes %d", got)
	}
	if err := call(m, "xen-save-devices-state", is("filename", file)); err != nil {
		t.Fatal(err)
	}
	line(m, &after)
	if err := call(m, "xen-load-devices-state", is("filename", file)); err != nil {
		t.Fatal(err)
	}
	if got := line(m, nil); got != before {
		t.Errorf("the register holds %d, not %d", got, before)
	}
	if err := call(m, "cont"); err != nil {
		t.Fatal(err)
	}
	err := call(m, "xen-load-devices-state", is("filename", file))
	if err == nil || err.Error() != "Cannot update device state while vm is running" {
		t.Errorf("while it runs: %v", err)
	}

	other := pc(false)
	if err := call(other, "xen-load-devices-state", is("filename", file)); err == nil || !strings.Contains(err.Error(), "xhci") {
		t.Errorf("into a machine without the device: %v", err)
	}
	if err := os.WriteFile(file, []byte("QEVM, nearly"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := call(other, "xen-load-devices-state", is("filename", file)); err == nil || !strings.Contains(err.Error(), "Not a migration stream") {
		t.Errorf("of a file that is none: %v", err)
	}
}
