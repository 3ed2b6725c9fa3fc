package machine

import (
	"slices"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// buildBoard adds what is soldered to the board of the machine type.
func (m *Machine) buildBoard() error {
	var build func(*qdev.Env, chipset.Options) (*chipset.Board, error)
	switch {
	case m.IsQ35():
		build = chipset.NewQ35
	case m.IsPC():
		build = chipset.NewPC
	default:
		return nil
	}
	board, err := build(m.env, chipset.Options{
		Machine: m.object, System: &m.systemMemory, IO: &m.systemIO,
		RAM: m.ram, LowRAM: m.lowRAM, HighRAM: m.opts.Memory - m.lowRAM,
		CPUs: m.apicIDs(), MemorySlots: m.window.Slots(), ModulesEnd: m.reservedEnd(),
		Messages: &m.messages, Stepped: m.clock.mode == SteppedTime, Processors: len(m.processors),
		Space: m.memorySpace, Firmware: m.firmwareContent,
		Sleep: m.sleep, Time: m.wallClock, Fill: m.fill,
		Reset: func() { m.SystemReset(GuestReset) },
		Asked: m.Asked,
	})
	if err != nil {
		return err
	}
	m.board = board
	m.env.DriveLine = board.DriveLine
	for _, s := range m.processors {
		m.wireProcessor(s)
	}
	return nil
}

// Asked reports what a property that is on or off was asked to be.
func (m *Machine) Asked(property string) (on, given bool) {
	switch v, _ := m.askedFor(property); v {
	case true, "on", "yes", "true", "y":
		return true, true
	case false, "off", "no", "false", "n":
		return false, true
	}
	return false, false
}

// askedFor is what a property was asked to be.
func (m *Machine) askedFor(property string) (v any, given bool) {
	if m.opts.Settings == nil {
		return nil, false
	}
	return m.opts.Settings.Get(property)
}

// askedSize is askedFor for a number of bytes; configuring the machine tells of
// mistakes.
func (m *Machine) askedSize(property string) (n uint64, given bool) {
	v, _ := m.askedFor(property)
	if text, ok := v.(string); ok {
		n, err := qom.ParseSize(text)
		return n, err == nil
	}
	i, ok := qjson.Int(v)
	return uint64(i), ok
}

// extraRoots lists the numbers of the expanders' root buses, in ascending order.
func (m *Machine) extraRoots() []uint8 {
	var list []uint8
	for _, b := range m.board.Root.Roots() {
		if b != m.board.Root {
			list = append(list, b.Number())
		}
	}
	slices.Sort(list)
	return list
}

// firmware does what the firmware does before it starts the guest; a reset
// undoes it.
func (m *Machine) firmware() {
	if m.board != nil && !m.firmwareRan {
		m.board.PlacePower()
	}
	m.firmwareRan = true
}

// tables is what firmware tells the guest about the board.
func (m *Machine) tables() guest.Tables {
	if m.board == nil {
		return guest.Tables{}
	}
	t := m.board.Tables()
	var path func(selector int) ([]uint8, bool)
	if h := m.board.Hotplug; h != nil {
		path = h.BusPath
	}
	return guest.Tables{
		GPEStatus: t.GPEStatus, GPEEnable: t.GPEEnable, PM1Status: t.PM1Status, PM1Control: t.PM1Control,
		PCIHotplug: t.PCIHotplug, Buses: t.PCIBuses, BusPath: path,
		CPUHotplug: t.CPUHotplug, CPUs: t.CPUs, MemoryHotplug: t.MemoryHotplug, MemorySlots: t.MemorySlots,
		Roots:  m.extraRoots,
		Memory: m.lowRAM, Above: max(1<<32+m.opts.Memory-m.lowRAM, m.reservedEnd()),
	}
}
