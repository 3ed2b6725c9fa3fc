package machine

import (
	"github.com/qomd/qomd/devices/cxl"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// readWindows reads cxl-fmw, the fixed memory windows of CXL.
func readWindows(_ *qom.Object, in qom.Input) (any, error) {
	list, err := readRecords(in, "cxl-fmw", []part{{"size", true, asSize}, {"interleave-granularity", false, asSize}, {"targets", true, asStrings}})
	if err != nil {
		return nil, err
	}
	for _, o := range windowOptions(list) {
		if err := o.Check(); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func windowOptions(list []any) []cxl.WindowOptions {
	windows := make([]cxl.WindowOptions, len(list))
	for i, v := range list {
		o := &windows[i]
		for name, value := range v.(*qjson.Object).All() {
			switch name {
			case "size":
				o.Size = value.(uint64)
			case "interleave-granularity":
				o.Granularity = value.(uint64)
			case "targets":
				for _, t := range value.([]any) {
					o.Targets = append(o.Targets, t.(string))
				}
			}
		}
	}
	return windows
}

// buildCXL makes the windows that are asked for. It comes first, as in QEMU,
// which makes them when it reads the property.
func (m *Machine) buildCXL() error {
	asked, ok := m.given("cxl-fmw")
	if !ok || m.object.Property("cxl-fmw") == nil {
		return nil
	}
	list, err := readWindows(m.object, asked)
	if err != nil {
		return err
	}
	return m.windows.AddWindows(m.env, windowOptions(list.([]any)))
}

// placeCXL shows what there is of CXL from an address on, if the property cxl is
// on.
func (m *Machine) placeCXL(from uint64) error {
	asked, ok := m.given("cxl")
	if !ok || m.object.Property("cxl") == nil {
		return nil
	}
	on, err := asked.Bool("cxl")
	if err == nil && on {
		m.windowsEnd = m.windows.Place(m.object, m.env.Memory, &m.systemMemory, from)
	}
	return err
}

// connectCXL lets the windows find the host bridges, once all devices are there.
func (m *Machine) connectCXL() error {
	var hosts []*cxl.HostBridge
	for _, b := range m.PCIRoots() {
		if e := b.ExpanderOf(); e != nil {
			if h, ok := e.Host().(*cxl.HostBridge); ok {
				hosts = append(hosts, h)
			}
		}
	}
	return m.windows.Connect(m.env.Tree, hosts)
}

// reservedEnd is where the addresses end that memory modules and CXL may use
// behind the memory, 0 when there are none.
func (m *Machine) reservedEnd() uint64 { return max(m.window.End(), m.windowsEnd) }

// given is the value that a configuration has for a property of /machine.
func (m *Machine) given(name string) (qom.Input, bool) {
	if m.opts.Settings == nil {
		return qom.Input{}, false
	}
	v, ok := m.opts.Settings.Get(name)
	return qom.Options(v), ok
}
