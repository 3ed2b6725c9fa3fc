package commands

import (
	"errors"
	"os"

	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// cpus registers the queries about processors of qapi/machine.json.
func (c *Commands) cpus() {
	qmp.Register(c.set, "query-cpus-fast", 0, c.queryCPUsFast)
	qmp.Register(c.set, "query-hotpluggable-cpus", qmp.AllowPreconfig, c.queryHotpluggableCPUs)
	qmp.Register(c.set, "query-cpu-definitions", 0, c.queryCPUDefinitions)
}

// cpuProps is QEMU's CpuInstanceProperties, as PCs fill it in.
type cpuProps struct {
	CoreID   int64 `json:"core-id"`
	ThreadID int64 `json:"thread-id"`
	SocketID int64 `json:"socket-id"`
	DieID    int64 `json:"die-id,omitempty"`
	ModuleID int64 `json:"module-id,omitempty"`
}

type cpuInfo struct {
	ThreadID int      `json:"thread-id"`
	Props    cpuProps `json:"props"`
	QOMType  string   `json:"qom-type"`
	QOMPath  string   `json:"qom-path"`
	CPUIndex int64    `json:"cpu-index"`
	Target   string   `json:"target"`
}

// cpuObjects lists the processors, in order of creation.
func (c *Commands) cpuObjects() []*qom.Object {
	var list []*qom.Object
	for _, parent := range []*qom.Object{c.m.Env().Unattached, c.m.Env().Peripheral, c.m.Env().PeripheralAnon} {
		for _, o := range parent.Children() {
			if o.Is("cpu") {
				list = append(list, o)
			}
		}
	}
	return list
}

func propsOf(o *qom.Object) cpuProps {
	num := func(name string) int64 {
		v, err := o.Get(name)
		if n, ok := v.(int64); err == nil && ok && n >= 0 {
			return n
		}
		return 0
	}
	return cpuProps{num("core-id"), num("thread-id"), num("socket-id"), num("die-id"), num("module-id")}
}

// queryCPUsFast names the process as the thread of every processor: there are
// no others that could be pinned.
func (c *Commands) queryCPUsFast(*qmp.Call, none) ([]cpuInfo, error) {
	list := []cpuInfo{}
	for i, o := range c.cpuObjects() {
		list = append(list, cpuInfo{
			ThreadID: os.Getpid(), Props: propsOf(o), QOMType: o.TypeName(), QOMPath: o.Path(),
			CPUIndex: int64(i), Target: "x86_64",
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
		s := slots[i]
		h := hotpluggableCPU{Type: s.Type, VCPUs: 1, Props: cpuProps{
			int64(s.Core), int64(s.Thread), int64(s.Socket), int64(s.Die), int64(s.Module)}}
		if s.CPU != nil {
			h.QOMPath = s.CPU.Path()
		}
		list = append(list, h)
	}
	return list, nil
}

func (c *Commands) queryCPUDefinitions(*qmp.Call, none) (any, error) {
	text, err := c.m.Options().Catalog.CPUDefinitionsJSON()
	if err != nil {
		return nil, err
	}
	return qjson.Raw(text), nil
}
