package commands

import (
	"cmp"
	"errors"
	"slices"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
)

// cpus registers the queries about processors of qapi/machine.json.
func (c *Commands) cpus() {
	qmp.Register(c.set, "query-cpus-fast", 0, c.queryCPUsFast)
	qmp.Register(c.set, "query-hotpluggable-cpus", 0, c.queryHotpluggableCPUs)
	qmp.Register(c.set, "query-cpu-definitions", 0, c.queryCPUDefinitions)
}

// cpuProps is QEMU's CpuInstanceProperties. Levels of the topology that a
// machine has one of are left out, and so is the node without NUMA.
type cpuProps struct {
	NodeID   *int64 `json:"node-id,omitempty"`
	SocketID int64  `json:"socket-id"`
	DieID    *int64 `json:"die-id,omitempty"`
	ModuleID *int64 `json:"module-id,omitempty"`
	CoreID   int64  `json:"core-id"`
	ThreadID int64  `json:"thread-id"`
}

type cpuInfo struct {
	ThreadID int      `json:"thread-id"`
	Props    cpuProps `json:"props"`
	QOMType  string   `json:"qom-type"`
	QOMPath  string   `json:"qom-path"`
	CPUIndex int64    `json:"cpu-index"`
	Target   string   `json:"target"`
}

// propsOf returns the properties of a slot.
func (c *Commands) propsOf(s *machine.CPUSlot) cpuProps {
	p := cpuProps{SocketID: s.Socket, CoreID: s.Core, ThreadID: s.Thread}
	if t := c.m.Topology(); t.Dies > 1 {
		p.DieID = &s.Die
	}
	if t := c.m.Topology(); t.Modules > 1 {
		p.ModuleID = &s.Module
	}
	if n, ok := c.m.Node(s); ok {
		p.NodeID = &n
	}
	return p
}

func (c *Commands) queryCPUsFast(*qmp.Call, none) ([]cpuInfo, error) {
	list := []cpuInfo{}
	for _, s := range c.m.Processors() {
		list = append(list, cpuInfo{
			ThreadID: s.ThreadID(), Props: c.propsOf(s), QOMType: s.CPU.TypeName(), QOMPath: s.CPU.Path(),
			CPUIndex: s.Index, Target: "x86_64",
		})
	}
	return list, nil
}

type hotpluggableCPU struct {
	Type    string   `json:"type"`
	VCPUs   int64    `json:"vcpus-count"`
	Props   cpuProps `json:"props"`
	QOMPath string   `json:"qom-path,omitempty"`
}

func (c *Commands) queryHotpluggableCPUs(*qmp.Call, none) ([]hotpluggableCPU, error) {
	if !c.m.Facts().HotpluggableCPUs {
		return nil, errors.New("machine does not support hot-plugging CPUs")
	}
	slots := c.m.CPUSlots()
	list := make([]hotpluggableCPU, 0, len(slots))
	// As QEMU, the last slot comes first.
	for i := len(slots) - 1; i >= 0; i-- {
		s := &slots[i]
		h := hotpluggableCPU{Type: s.Type, VCPUs: 1, Props: c.propsOf(s)}
		if s.CPU != nil {
			h.QOMPath = s.CPU.Path()
		}
		list = append(list, h)
	}
	return list, nil
}

// queryCPUDefinitions lists the CPU models as QEMU does: from the last name to
// the first, after those that are no particular processor.
func (c *Commands) queryCPUDefinitions(*qmp.Call, none) ([]catalog.CPUDefinition, error) {
	list := slices.Clone(c.m.Options().Catalog.CPUDefinitions())
	general := []string{"max", "host", "base"}
	slices.SortFunc(list, func(a, b catalog.CPUDefinition) int {
		i, j := slices.Index(general, a.Name), slices.Index(general, b.Name)
		return cmp.Or(cmp.Compare(uint(i), uint(j)), cmp.Compare(b.Name, a.Name))
	})
	return list, nil
}
