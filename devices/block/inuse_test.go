package block_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// call is a command with what its error must be; empty for success. In
// arguments and errors {dir} is a folder with a file disk.img of 64 KiB.
type call struct {
	command string
	args    qmptest.A
	fails   string
}

func add(driver, name string, more ...string) call {
	a := qmptest.A{"driver": driver, "node-name": name}
	for i := 0; i+1 < len(more); i += 2 {
		a[more[i]] = more[i+1]
	}
	return call{"blockdev-add", a, ""}
}

func disk(driver, id, drive string) call {
	return call{"device_add", qmptest.A{"driver": driver, "id": id, "drive": drive}, ""}
}

func del(node string) call  { return call{"blockdev-del", qmptest.A{"node-name": node}, ""} }
func unplug(id string) call { return call{"device_del", qmptest.A{"id": id}, ""} }
func (c call) with(a qmptest.A) call {
	for k, v := range a {
		c.args[k] = v
	}
	return c
}

func (c call) refused(text string) call { c.fails = text; return c }

// TestInUse holds what QEMU 11.1.3 answers to who may use what at once.
func TestInUse(t *testing.T) {
	shared := qmptest.A{"share-rw": true}
	for name, calls := range map[string][]call{
		"a node below another": {
			add("null-co", "n"), add("raw", "r", "file", "n"),
			del("n").refused("Block device n is in use"), del("r"), del("n"),
			del("n").refused("Failed to find node with node-name='n'"),
		},
		"a node of a device": {
			add("null-co", "n"), disk("scsi-hd", "a", "n"),
			del("n").refused("Node n is in use"), unplug("a"), del("n"),
		},
		"a nested node": {
			add("raw", "r").with(qmptest.A{"file": qmptest.A{"driver": "null-co", "node-name": "inner"}}),
			del("inner").refused("Node inner is not owned by the monitor"), del("r"),
			del("inner").refused("Failed to find node with node-name='inner'"),
		},
		"two writers": {
			add("null-co", "n"), disk("scsi-hd", "a", "n"),
			disk("scsi-hd", "b", "n").refused("Permission conflict on node 'n': permissions 'write' are both required by block device 'a' " +
				"(uses node 'n' as 'root' child) and unshared by block device 'b' (uses node 'n' as 'root' child)."),
			unplug("a"), disk("scsi-hd", "b", "n"),
		},
		"two writers that agree": {
			add("null-co", "n"), disk("scsi-hd", "a", "n").with(shared), disk("scsi-hd", "b", "n").with(shared),
			disk("scsi-hd", "c", "n").refused("Permission conflict on node 'n': permissions 'write' are both required by block device 'b' " +
				"(uses node 'n' as 'root' child) and unshared by block device 'c' (uses node 'n' as 'root' child)."),
			unplug("a"), unplug("b"), disk("scsi-hd", "c", "n"),
		},
		"a writer below a layer": {
			add("null-co", "n"), disk("scsi-hd", "a", "n"), add("raw", "r", "file", "n"),
			disk("scsi-hd", "b", "r").refused("Permission conflict on node 'n': permissions 'write' are both required by block device 'a' " +
				"(uses node 'n' as 'root' child) and unshared by node 'r' (uses node 'n' as 'file' child)."),
		},
		"readers": {
			add("null-co", "n").with(qmptest.A{"read-only": true}), disk("scsi-hd", "a", "n"), disk("scsi-cd", "b", "n"),
			unplug("a"), del("n").refused("Node n is in use"), unplug("b"), del("n"),
		},
		"a writer on a reader": {
			add("null-co", "n").with(qmptest.A{"read-only": true}), add("raw", "r", "file", "n"),
			disk("scsi-hd", "a", "r").refused("Block node is read-only"),
		},
		"one file, two nodes": {
			add("file", "f", "filename", "{dir}/disk.img"), add("file", "g", "filename", "{dir}/disk.img"),
			disk("scsi-hd", "a", "f"), disk("scsi-hd", "b", "g").refused("Failed to get \"write\" lock"),
			unplug("a"), disk("scsi-hd", "b", "g"), disk("scsi-hd", "a", "f").refused("Failed to get \"write\" lock"),
			unplug("b"), del("g"), disk("scsi-hd", "a", "f"),
		},
		"one file, without locks": {
			add("file", "f", "filename", "{dir}/disk.img", "locking", "off"),
			add("file", "g", "filename", "{dir}/disk.img", "locking", "off"),
			disk("scsi-hd", "a", "f"), disk("scsi-hd", "b", "g"),
		},
		"names": {
			add("null-co", "n"), add("null-co", "n").refused("Duplicate nodes with node-name='n'"),
			add("null-co", "1n").refused("Invalid node-name: '1n'"),
			add("null-co", strings.Repeat("n", 32)).refused("Node name too long"),
			{"blockdev-add", qmptest.A{"driver": "null-co"}, "'node-name' must be specified for the root node"},
			add("raw", "r", "file", "nope").refused("Cannot find device='nope' nor node-name='nope'"),
			disk("scsi-hd", "a", "nope").refused("Property 'scsi-hd.drive' can't find value 'nope'"),
			{"device_add", qmptest.A{"driver": "scsi-hd", "id": "a"}, "drive property not set"},
		},
		"a medium": {
			{"device_add", qmptest.A{"driver": "scsi-cd", "id": "cd"}, ""}, add("null-co", "n"),
			{"blockdev-insert-medium", qmptest.A{"id": "cd", "node-name": "n"}, "Tray of device 'cd' is not open"},
			{"blockdev-open-tray", qmptest.A{"id": "cd"}, ""},
			{"blockdev-insert-medium", qmptest.A{"id": "cd", "node-name": "n"}, ""},
			{"blockdev-insert-medium", qmptest.A{"id": "cd", "node-name": "n"}, "Node 'n' is already in use"},
			del("n").refused("Node n is in use"),
			{"blockdev-close-tray", qmptest.A{"id": "cd"}, ""},
			{"blockdev-remove-medium", qmptest.A{"id": "cd"}, "Tray of device 'cd' is not open"},
			{"eject", qmptest.A{"id": "cd"}, ""}, del("n"),
		},
		"a throttle group": {
			{"object-add", qmptest.A{"qom-type": "throttle-group", "id": "g"}, ""}, add("null-co", "n"),
			add("throttle", "t", "file", "n", "throttle-group", "g"), add("throttle", "u", "file", "n", "throttle-group", "g"),
			del("t"),
			{"object-del", qmptest.A{"id": "g"}, "Cannot delete throttle group 'g' with active references"},
			del("u"), {"object-del", qmptest.A{"id": "g"}, ""},
		},
		"read-only for a writer": {
			add("null-co", "n"), disk("scsi-hd", "a", "n"),
			{"blockdev-reopen", qmptest.A{"options": []qmptest.A{{"driver": "null-co", "node-name": "n", "read-only": true}}},
				"Read-only block node 'n' cannot support read-write users"},
			{"block_resize", qmptest.A{"node-name": "n", "size": 5}, "Image format driver does not support resize"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "disk.img"), make([]byte, 64<<10), 0o600); err != nil {
				t.Fatal(err)
			}
			c := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba")).Client()
			for _, call := range calls {
				for k, v := range call.args {
					if s, ok := v.(string); ok {
						call.args[k] = strings.ReplaceAll(s, "{dir}", dir)
					}
				}
				if call.fails == "" {
					c.Must(call.command, call.args)
				} else if got := c.MustFail(call.command, call.args); got != call.fails {
					t.Fatalf("%s %v:\n got %q\nwant %q", call.command, call.args, got, call.fails)
				}
			}
		})
	}
}

// TestLegacyDrive: a drive of -drive goes with its device, and not before.
func TestLegacyDrive(t *testing.T) {
	m := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"),
		qmptest.Args("-drive", "if=none,id=d0,driver=null-co,size=1M", "-drive", "if=none,id=empty"))
	c := m.Client()
	drives := func() (list []string) {
		var got []struct{ Device string }
		c.Must("query-block", nil, &got)
		for _, b := range got {
			list = append(list, b.Device)
		}
		return list
	}
	if got := strings.Join(drives(), " "); got != "d0 empty" {
		t.Fatalf("drives %q", got)
	}
	c.Must("device_add", qmptest.A{"driver": "scsi-hd", "id": "a", "drive": "d0"})
	if got := c.MustFail("device_add", qmptest.A{"driver": "scsi-hd", "id": "b", "drive": "d0"}); got != "Drive 'd0' is already in use by another device" {
		t.Errorf("second device: %s", got)
	}
	if got := c.MustFail("device_add", qmptest.A{"driver": "scsi-hd", "id": "b", "drive": "empty"}); got != "Device needs media, but drive is empty" {
		t.Errorf("empty drive: %s", got)
	}
	release := m.Hold("/machine/peripheral/a")
	c.Must("device_del", qmptest.A{"id": "a"})
	if got := strings.Join(drives(), " "); got != "d0 empty" {
		t.Errorf("while the device is held: %q", got)
	}
	release()
	c.Await("DEVICE_DELETED")
	if got := strings.Join(drives(), " "); got != "empty" {
		t.Errorf("after the event: %q", got)
	}
}
