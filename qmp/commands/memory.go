package commands

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/dimm"
	"github.com/qomd/qomd/devices/virtio"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// memory registers the queries about memory of qapi/machine.json.
func (c *Commands) memory() {
	qmp.Register(c.set, "query-memory-size-summary", 0, c.queryMemorySize)
	qmp.Register(c.set, "query-memdev", 0, c.queryMemdev)
	qmp.Register(c.set, "query-memory-devices", 0, c.queryMemoryDevices)
	qmp.Register(c.set, "x-query-numa", qmp.Unstable, c.queryNUMA)
	qmp.RegisterRaw(c.set, "set-numa-node", 0, c.setNUMANode)
}

type memorySize struct {
	Base    uint64 `json:"base-memory"`
	Plugged uint64 `json:"plugged-memory"`
}

func (c *Commands) queryMemorySize(*qmp.Call, none) (memorySize, error) {
	return memorySize{Base: c.m.MemorySize(), Plugged: c.m.Window().Plugged()}, nil
}

// setNUMANode describes NUMA nodes before the machine is complete.
func (c *Commands) setNUMANode(_ *qmp.Call, args *qjson.Object) (any, error) {
	if !c.m.Preconfig() {
		return nil, errors.New("The command is permitted only before the machine has been created")
	}
	return nil, c.m.SetNUMA(args)
}

// queryNUMA prints the nodes: their processors, and their memory with that of
// memory devices.
func (c *Commands) queryNUMA(*qmp.Call, none) (humanText, error) {
	var b strings.Builder
	nodes := c.m.NUMANodes()
	plugged := make([]uint64, len(nodes))
	for _, d := range c.m.Window().Devices() {
		if n := nodeOf(d); n < uint64(len(nodes)) {
			plugged[n] += d.PluggedSize()
		}
	}
	fmt.Fprintf(&b, "%d nodes\n", len(nodes))
	for i := range nodes {
		fmt.Fprintf(&b, "node %d cpus:", i)
		for _, s := range c.m.Processors() {
			if n, _ := c.m.Node(s); n == int64(i) {
				fmt.Fprintf(&b, " %d", s.Index)
			}
		}
		fmt.Fprintf(&b, "\nnode %d size: %d MB\nnode %d plugged: %d MB\n", i, (nodes[i].Memory+plugged[i])>>20, i, plugged[i]>>20)
	}
	return humanText{b.String()}, nil
}

// nodeOf is the NUMA node of a memory device.
func nodeOf(d dimm.MemoryDevice) uint64 {
	switch d := d.(type) {
	case *dimm.DIMM:
		return uint64(d.Node())
	case *virtio.Mem:
		n, _ := qjson.Int(get(&d.Object, "node"))
		return uint64(n)
	}
	return 0
}

// memoryDevice is QEMU's MemoryDeviceInfo.
type memoryDevice struct {
	Type string `json:"type"`
	Data any    `json:"data"`
}

type moduleInfo struct {
	ID           string `json:"id,omitempty"`
	Addr         uint64 `json:"addr"`
	Size         uint64 `json:"size"`
	Slot         int64  `json:"slot"`
	Node         uint32 `json:"node"`
	Memdev       string `json:"memdev"`
	Hotplugged   bool   `json:"hotplugged"`
	Hotpluggable bool   `json:"hotpluggable"`
}

type virtioMemInfo struct {
	ID        string `json:"id,omitempty"`
	Memaddr   uint64 `json:"memaddr"`
	Requested any    `json:"requested-size"`
	Size      uint64 `json:"size"`
	MaxSize   uint64 `json:"max-size"`
	BlockSize any    `json:"block-size"`
	Node      any    `json:"node"`
	Memdev    string `json:"memdev"`
}

type virtioPmemInfo struct {
	ID      string `json:"id,omitempty"`
	Memaddr uint64 `json:"memaddr"`
	Size    uint64 `json:"size"`
	Memdev  string `json:"memdev"`
}

// queryMemoryDevices lists what is plugged by address, as QEMU does.
func (c *Commands) queryMemoryDevices(*qmp.Call, none) ([]memoryDevice, error) {
	list := []memoryDevice{}
	for _, d := range c.m.Window().Devices() {
		switch d := d.(type) {
		case *dimm.DIMM:
			typ := "dimm"
			if d.NonVolatile() {
				typ = "nvdimm"
			}
			hotpluggable, _ := get(&d.Object, "hotpluggable").(bool)
			list = append(list, memoryDevice{typ, moduleInfo{
				ID: d.ID(), Addr: d.Address(), Size: d.MemorySize(), Slot: d.Slot(), Node: d.Node(),
				Memdev: d.Backend().Path(), Hotplugged: d.Hotplugged(), Hotpluggable: hotpluggable,
			}})
		case *virtio.Mem:
			list = append(list, memoryDevice{"virtio-mem", virtioMemInfo{
				ID: d.MemoryID(), Memaddr: d.Address(), Size: d.PluggedSize(), MaxSize: d.MemorySize(), Memdev: d.Backend().Path(),
				Requested: get(&d.Object, "requested-size"), BlockSize: get(&d.Object, "block-size"), Node: get(&d.Object, "node"),
			}})
		case *virtio.Pmem:
			list = append(list, memoryDevice{"virtio-pmem", virtioPmemInfo{
				ID: d.MemoryID(), Memaddr: d.Address(), Size: d.MemorySize(), Memdev: d.Backend().Path(),
			}})
		}
	}
	return list, nil
}

// memdev is QEMU's Memdev.
type memdev struct {
	ID        string `json:"id,omitempty"`
	Size      any    `json:"size"`
	Merge     any    `json:"merge"`
	Dump      any    `json:"dump"`
	Prealloc  any    `json:"prealloc"`
	Share     any    `json:"share"`
	Reserve   any    `json:"reserve,omitempty"`
	HostNodes any    `json:"host-nodes"`
	Policy    any    `json:"policy"`
}

func (c *Commands) queryMemdev(*qmp.Call, none) ([]memdev, error) {
	list := []memdev{}
	for _, o := range c.objects("memory-backend") {
		list = append(list, memdev{
			ID: o.Name(), Size: get(o, "size"), Merge: get(o, "merge"), Dump: get(o, "dump"),
			Prealloc: get(o, "prealloc"), Share: get(o, "share"), Reserve: get(o, "reserve"),
			HostNodes: get(o, "host-nodes"), Policy: get(o, "policy"),
		})
	}
	return list, nil
}

// get reads a property that is known to be there; nil when it is not.
func get(o *qom.Object, name string) any {
	v, err := o.Get(name)
	if err != nil {
		return nil
	}
	return v
}
