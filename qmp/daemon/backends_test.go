package daemon_test

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom/qomtest"
)

// TestBackendsAtRandom makes, uses and deletes backends and devices at random and
// holds every answer against a plain model of who uses what, whose texts are those
// of QEMU 11.1.3. In the end everything is deleted: no node, object, character
// device or descriptor is left. Run with -rapid.steps=20000 -rapid.checks=1 for the
// long way.
func TestBackendsAtRandom(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		before := qomtest.Descriptors(rt)
		args := []string{"-machine", "q35", "-nodefaults", "-display", "none",
			"-device", "qemu-xhci,id=xhci", "-device", "virtio-scsi-pci,id=scsi", "-device", "virtio-serial-pci,id=vs"}
		for i := range 6 {
			args = append(args, "-device", fmt.Sprintf("pcie-root-port,id=rp%d,chassis=%d", i, i+1))
		}
		vm := boot(t, args...)
		ours, theirs := net.Pipe()
		vm.ServeConn(theirs, qmp.Monitor{Name: "random"})
		b := &bench{
			rt: rt, dir: dir, conn: ours, r: bufio.NewReaderSize(ours, 1<<20),
			chardevs: map[string]string{}, netdevs: map[string]string{}, groups: map[string]bool{},
			filters: map[string]string{}, nodes: map[string]*blockNode{}, devices: map[string]device{},
		}
		defer func() {
			ours.Close()
			if leaks := vm.Close(); len(leaks) > 0 {
				rt.Errorf("%d storages are still held", len(leaks))
			}
			if after := qomtest.Descriptors(rt); after > before {
				rt.Errorf("%d descriptors, %d before", after, before)
			}
		}()
		b.r.ReadBytes('\n')
		b.run("qmp_capabilities", nil, "")
		rt.Repeat(map[string]func(*rapid.T){
			"": b.compare, "chardev-add": b.addChardev, "chardev-remove": b.removeChardev,
			"netdev_add": b.addNetdev, "netdev_del": b.delNetdev,
			"object-add": b.addGroup, "object-del": b.delGroup, "filter": b.addFilter, "filter gone": b.delFilter,
			"blockdev-add": b.addNode, "throttle": b.addThrottle, "blockdev-del": b.delNode,
			"device_add": b.addDevice, "device_del": b.delDevice,
		})
		b.finish()
	})
}

// bench is a machine with a client, and the model.
type bench struct {
	rt   *rapid.T
	dir  string
	conn net.Conn
	r    *bufio.Reader

	chardevs map[string]string // id to the device that uses it, or ""
	netdevs  map[string]string // likewise
	groups   map[string]bool   // throttle groups
	filters  map[string]string // id to netdev
	nodes    map[string]*blockNode
	devices  map[string]device
}

// blockNode is a block node.
type blockNode struct {
	child, group string // of a throttle
	users        []user // in the order in which they came
}

// user is who uses a block node: a device, or another node.
type user struct{ device, parent string }

type device struct{ driver, backend string }

// kinds are the devices by their drivers: the property that names the backend, as
// the user and as the error writes it, and the bus, %s being the device's number.
var kinds = map[string]struct{ prop, owner, bus, end string }{
	"usb-serial":     {"chardev", "usb-serial", "xhci.0", ""},
	"virtserialport": {"chardev", "virtserialport", "vs.0", ""},
	"usb-net":        {"netdev", "usb-net", "xhci.0", ""},
	"virtio-net-pci": {"netdev", "virtio-net-device", "rp%s", ""},
	"scsi-hd":        {"drive", "scsi-hd", "scsi.0", "%s"},
	"usb-storage":    {"drive", "usb-storage", "xhci.0", "/machine/peripheral/%s/%[1]s.0/legacy[0]"},
	"virtio-blk-pci": {"drive", "virtio-blk-device", "rp%s", "/machine/peripheral/%s/virtio-backend"},
}

// run sends a command and fails unless it is answered with that error, or without
// one when that is empty. It returns the answer.
func (b *bench) run(command string, args map[string]any, want string) any {
	b.rt.Helper()
	o := qjson.NewObject(qjson.Member{Name: "execute", Value: command})
	if args != nil {
		in := qjson.NewObject()
		for _, name := range slices.Sorted(maps.Keys(args)) {
			in.Set(name, args[name])
		}
		o.Set("arguments", in)
	}
	request := qjson.Append(nil, o, false)
	if _, err := b.conn.Write(request); err != nil {
		b.rt.Fatal(err)
	}
	for {
		line, err := b.r.ReadBytes('\n')
		if err != nil {
			b.rt.Fatal(err)
		}
		v, err := qjson.Parse(line)
		if err != nil {
			b.rt.Fatalf("%s: %v", line, err)
		}
		answer := v.(*qjson.Object)
		if answer.Has("event") {
			continue
		}
		got := ""
		if e, ok := answer.Get("error"); ok {
			desc, _ := e.(*qjson.Object).Get("desc")
			got = desc.(string)
		}
		if got != want {
			b.rt.Fatalf("%s\nwant %q\ngot  %q", request, want, got)
		}
		result, _ := answer.Get("return")
		return result
	}
}

// compare holds what the machine lists against the model.
func (b *bench) compare(*rapid.T) {
	objects := append(slices.Collect(maps.Keys(b.groups)), slices.Collect(maps.Keys(b.filters))...)
	for _, list := range []struct {
		command, member string
		args            map[string]any
		want            []string
	}{
		{"query-chardev", "label", nil, slices.Collect(maps.Keys(b.chardevs))},
		{"query-named-block-nodes", "node-name", nil, slices.Collect(maps.Keys(b.nodes))},
		{"qom-list", "name", map[string]any{"path": "/objects"}, append(objects, "type", "pc.ram")},
		{"qom-list", "name", map[string]any{"path": "/machine/peripheral"}, append(slices.Collect(maps.Keys(b.devices)),
			"type", "xhci", "scsi", "vs", "rp0", "rp1", "rp2", "rp3", "rp4", "rp5")},
	} {
		var got []string
		for _, v := range b.run(list.command, list.args, "").([]any) {
			name, _ := v.(*qjson.Object).Get(list.member)
			got = append(got, name.(string))
		}
		slices.Sort(got)
		slices.Sort(list.want)
		if diff := cmp.Diff(list.want, got); diff != "" {
			b.rt.Fatalf("%s %v (-model +machine):\n%s", list.command, list.args, diff)
		}
	}
}

// finish deletes everything, which nothing may refuse.
func (b *bench) finish() {
	for id := range b.devices {
		b.run("device_del", map[string]any{"id": id}, "")
	}
	for id := range b.chardevs {
		b.run("chardev-remove", map[string]any{"id": id}, "")
	}
	for id := range b.netdevs {
		b.run("netdev_del", map[string]any{"id": id}, "") // filters go along
	}
	for len(b.nodes) > 0 {
		for id, n := range b.nodes {
			if !slices.ContainsFunc(n.users, func(u user) bool { return u.parent != "" }) {
				b.run("blockdev-del", map[string]any{"node-name": id}, "")
				delete(b.nodes, id)
				b.leave(n.child, user{parent: id})
			}
		}
	}
	for id := range b.groups {
		b.run("object-del", map[string]any{"id": id}, "")
	}
	clear(b.devices)
	clear(b.chardevs)
	clear(b.filters)
	clear(b.groups)
	b.compare(nil)
}
