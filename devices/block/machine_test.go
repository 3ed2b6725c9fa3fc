package block_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/qomd/qomd/qmp/qmptest"
)

// model is who uses what, told plainly: which nodes there are and what each
// lies on, and which device uses which node.
type model struct {
	nodes   map[string]string // name to the node below, empty for none
	devices map[string]string // id to node
	order   []string          // devices, oldest first
}

// writers lists the devices that write to a node, through whatever layers.
func (m *model) writers(node string) (list []string) {
	for _, id := range m.order {
		for n := m.devices[id]; n != ""; n = m.nodes[n] {
			if n == node {
				list = append(list, id)
			}
		}
	}
	return list
}

// used reports whether a device or another node uses a node, and how QEMU
// says so.
func (m *model) used(node string) string {
	for _, n := range m.devices {
		if n == node {
			return fmt.Sprintf("Node %s is in use", node)
		}
	}
	for _, below := range m.nodes {
		if below == node {
			return fmt.Sprintf("Block device %s is in use", node)
		}
	}
	return ""
}

// free reports whether a new device may write to a node and all below it.
func (m *model) free(node string) bool {
	for n := node; n != ""; n = m.nodes[n] {
		if len(m.writers(n)) > 0 {
			return false
		}
	}
	return true
}

func pick(t *rapid.T, from []string, label string) string {
	return rapid.SampledFrom(from).Draw(t, label)
}

// TestAgainstModel adds, deletes, plugs and unplugs at random and compares
// what is refused, what is there, and that everything goes in the end.
func TestAgainstModel(t *testing.T) {
	names, ids := []string{"n0", "n1", "n2", "n3", "n4"}, []string{"d0", "d1", "d2", "d3"}
	q := qmptest.Start(t, qmptest.PC(), qmptest.Device("virtio-scsi-pci,id=hba"))
	c := q.Client()
	rapid.Check(t, func(t *rapid.T) {
		m := &model{nodes: map[string]string{}, devices: map[string]string{}}
		try := func(ok bool, text, command string, args qmptest.A) {
			_, err := c.Execute(command, args)
			switch {
			case ok && err != nil:
				t.Fatalf("%s %v: %v", command, args, err)
			case !ok && err == nil:
				t.Fatalf("%s %v was not refused", command, args)
			case !ok && text != "" && err.Error() != text:
				t.Fatalf("%s %v: %q, not %q", command, args, err, text)
			}
		}
		remove := func(name string) {
			_, there := m.nodes[name]
			switch why := m.used(name); {
			case !there:
				try(false, fmt.Sprintf("Failed to find node with node-name='%s'", name), "blockdev-del", qmptest.A{"node-name": name})
			case why != "":
				try(false, why, "blockdev-del", qmptest.A{"node-name": name})
			default:
				try(true, "", "blockdev-del", qmptest.A{"node-name": name})
				delete(m.nodes, name)
			}
		}
		detach := func(id string) {
			if _, there := m.devices[id]; !there {
				try(false, fmt.Sprintf("Device '%s' not found", id), "device_del", qmptest.A{"id": id})
				return
			}
			try(true, "", "device_del", qmptest.A{"id": id})
			delete(m.devices, id)
			m.order = slices.DeleteFunc(m.order, func(o string) bool { return o == id })
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				name, below := pick(t, names, "name"), ""
				args := qmptest.A{"driver": "null-co", "node-name": name}
				if rapid.Bool().Draw(t, "layer") {
					below = pick(t, names, "below")
					args = qmptest.A{"driver": "raw", "node-name": name, "file": below}
				}
				_, taken := m.nodes[name]
				_, there := m.nodes[below]
				switch {
				case below != "" && !there:
					try(false, fmt.Sprintf("Cannot find device='%s' nor node-name='%s'", below, below), "blockdev-add", args)
				case taken:
					try(false, fmt.Sprintf("Duplicate nodes with node-name='%s'", name), "blockdev-add", args)
				default:
					try(true, "", "blockdev-add", args)
					m.nodes[name] = below
				}
			},
			"del": func(t *rapid.T) { remove(pick(t, names, "name")) },
			"plug": func(t *rapid.T) {
				id, name := pick(t, ids, "id"), pick(t, names, "node")
				args := qmptest.A{"driver": "scsi-hd", "id": id, "drive": name}
				_, there := m.nodes[name]
				_, taken := m.devices[id]
				switch {
				case taken:
					try(false, fmt.Sprintf("Duplicate device ID '%s'", id), "device_add", args)
				case !there:
					try(false, fmt.Sprintf("Property 'scsi-hd.drive' can't find value '%s'", name), "device_add", args)
				case !m.free(name):
					try(false, "", "device_add", args)
				default:
					try(true, "", "device_add", args)
					m.devices[id] = name
					m.order = append(m.order, id)
				}
			},
			"unplug": func(t *rapid.T) { detach(pick(t, ids, "id")) },
			"": func(t *rapid.T) {
				var nodes []struct {
					Name string `json:"node-name"`
				}
				var blocks []struct{ QDev string }
				if c.Must("query-named-block-nodes", qmptest.A{"flat": true}, &nodes); len(nodes) != len(m.nodes) {
					t.Fatalf("nodes %v, not %v", nodes, m.nodes)
				}
				if c.Must("query-block", nil, &blocks); len(blocks) != len(m.devices) {
					t.Fatalf("devices %v, not %v", blocks, m.devices)
				}
			},
		})
		for _, id := range slices.Clone(m.order) {
			detach(id)
		}
		for len(m.nodes) > 0 {
			for name := range m.nodes {
				if m.used(name) == "" {
					remove(name)
				}
			}
		}
		c.Events()
		q.Check()
	})
}
