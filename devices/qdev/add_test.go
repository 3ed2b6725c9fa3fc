package qdev

import (
	"testing"

	"github.com/qomd/qomd/qom/qomtest"
)

// What device_add checks, in its order: each request is wrong in everything
// that is checked later as well.
func TestAddErrors(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c0'}`)
	full := r.mustAdd(`{'driver': 'controller', 'id': 'c1'}`)
	full.Buses()[0].MaxDevices = 1
	r.mustAdd(`{'driver': 'test-leaf', 'bus': 'c1.0'}`)
	quiet := r.mustAdd(`{'driver': 'controller', 'id': 'c2'}`)
	quiet.Buses()[0].SetHandler(nil)

	migrating := false
	r.Migrating = func() bool { return migrating }
	for _, tc := range []struct {
		args, want string
		migrating  bool
	}{
		{`{'id': '1'}`, "Parameter 'driver' is missing", false},
		{`{'driver': 5}`, "Parameter 'driver' is missing", false},
		{`{'driver': 'zz', 'bus': 'nope'}`, "'zz' is not a valid device model name", false},
		{`{'driver': 'container'}`, "'container' is not a valid device model name", false},
		{`{'driver': 'ghost'}`, "'no-such-type' (alias 'ghost') is not a valid device model name", false},
		{`{'driver': 'abstract-leaf', 'bus': 'nope'}`, "Parameter 'driver' expects a non-abstract device type", false},
		{`{'driver': 'builtin-leaf', 'bus': 'nope'}`, "Parameter 'driver' expects a pluggable device type", false},
		{`{'driver': 'test-root', 'bus': 'nope'}`, "Parameter 'driver' expects a dynamic sysbus device type for the machine", false},
		{`{'driver': 'test-leaf', 'bus': 'nope', 'id': '1'}`, "Bus 'nope' not found", false},
		{`{'driver': 'test-leaf', 'bus': '', 'id': '1'}`, "Bus '' not found", false},
		{`{'driver': 'test-leaf', 'bus': 'root.0/d/c0.0', 'id': '1'}`, "Device 'd' not found", false},
		{`{'driver': 'test-leaf', 'bus': 'root.0/c0/zz', 'id': '1'}`, "Bus 'zz' not found", false},
		{`{'driver': 'test-leaf', 'bus': 'c1.0/test-leaf', 'id': '1'}`, "Device 'test-leaf' has no child bus", false},
		{`{'driver': 'test-leaf', 'bus': 'root.0', 'id': '1'}`, "Device 'test-leaf' can't go on root-bus bus", true},
		{`{'driver': 'test-leaf', 'bus': 'c1.0', 'id': '1'}`, "Bus 'c1.0' is full", true},
		{`{'driver': 'lost-leaf', 'id': '1'}`, "No 'other-bus' bus found for device 'lost-leaf'", true},
		{`{'driver': 'fixed-leaf', 'bus': 'c2.0', 'id': '1'}`, "device_add not allowed while migrating", true},
		{`{'driver': 'fixed-leaf', 'bus': 'c2.0', 'id': '1'}`, "Device 'fixed-leaf' does not support hotplugging", false},
		{`{'driver': 'test-leaf', 'bus': 'c2.0', 'id': '1'}`, "Bus 'c2.0' does not support hotplugging", false},
		{`{'driver': 'busless', 'id': '1'}`, "Device 'busless' can not be hotplugged on this machine", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': '1', 'zz': 1}`, "Invalid qdev ID '1'", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': '', 'zz': 1}`, "Invalid qdev ID ''", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'c0', 'zz': 1}`, "Duplicate device ID 'c0'", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'type', 'zz': 1}`, "Duplicate device ID 'type'", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'a', 'zz': 1, 'addr': 9}`, "Property 'test-leaf.zz' not found", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'a', 'hotplugged': true, 'addr': 9}`, "Property 'test-leaf.hotplugged' is not writable", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'a', 'realized': 1, 'addr': 9}`, "Invalid parameter type for 'realized', expected: boolean", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'a', 'addr': 9, 'fail': true}`, "port 9 does not exist", false},
		{`{'driver': 'test-leaf', 'bus': 'c0.0', 'id': 'a', 'fail': true}`, "leaf failed", false},
	} {
		migrating = tc.migrating
		live := r.Tree.Live()
		_, err := r.add(tc.args, false)
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s:\n got %v\nwant %s", tc.args, err, tc.want)
		}
		if r.Tree.Live() != live {
			t.Errorf("%s: something is left", tc.args)
		}
		qomtest.Check(t, r.Tree)
	}
	if e := r.take(); e != nil {
		t.Errorf("events: %v", e)
	}
}

// What device_add ignores as QEMU does.
func TestAddQuirks(t *testing.T) {
	r := newRig(t)
	r.mustAdd(`{'driver': 'controller', 'id': 'c0'}`)
	for _, tc := range []struct{ args, path string }{
		{`{'driver': 'test-leaf', 'id': 5, 'bus': 7}`, "/peripheral-anon/device[0]"},
		{`{'driver': 'leafy', 'id': 'a', 'realized': false}`, "/peripheral/a"},
		{`{'driver': 'test-leaf', 'bus': 'root.0/c0', 'id': 'b'}`, "/peripheral/b"},
		{`{'driver': 'test-leaf', 'bus': '/test-root/root.0/controller/c0.0', 'id': 'c'}`, "/peripheral/c"},
	} {
		d := r.mustAdd(tc.args)
		if d.Path() != tc.path || !d.Realized() || !d.Hotplugged() {
			t.Errorf("%s: %s, realized %v", tc.args, d.Path(), d.Realized())
		}
		if d.Self().(*leaf).resets != 1 {
			t.Errorf("%s: %d resets", tc.args, d.Self().(*leaf).resets)
		}
	}
}
