package machine

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/fsdev"
	"github.com/qomd/qomd/devices/guest"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/net"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/devices/tpm"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

// NewTypes returns the types of a catalog with all code there is. It is meant
// to be made once per catalog and process.
func NewTypes(cat *catalog.Catalog) *qom.Types {
	t := devices.NewTypes(cat)
	registerProperties(t, cat)
	registerSysbus(t)
	registerGuest(t)
	registerFaults(t)
	return t
}

// begin makes what backends need of a new machine, under its lock.
func (m *Machine) begin() error {
	t := m.env.Tree
	roots := []string{"chardevs", "objects", "backend", "audiodevs"}
	if m.env.Ways.LateRoots {
		roots = roots[:1]
	}
	for _, name := range roots {
		if _, err := t.NewChild(t.Root(), name, "container"); err != nil {
			return err
		}
	}
	m.Characters = chardev.NewSet(m.Chardevs(), m.Do, &m.Yanks, m.log)
	m.Characters.FDs = &m.Files
	m.Characters.Panel = &m.env.Input
	m.Folders = fsdev.NewSet(m.Do)
	m.TPM = tpm.NewSet(m.Characters, m.Do, m.log)
	m.TPM.Waiting = mover{m}.Waiting
	m.Network = net.NewStack(m.env, m.Do, m.emit)
	m.Network.FDs, m.Network.Chardevs = &m.Files, m.Characters
	object, err := t.NewChild(t.Root(), "machine", m.facts.Name+"-machine")
	if err != nil {
		return err
	}
	m.object = object
	if m.opts.Boot != nil {
		object.Store("boot", m.boot().with(m.opts.Boot))
	}
	if object.Property("smbios-entry-point-type") != nil {
		object.Store("smbios-entry-point-type", m.entryPoint())
	}
	for _, c := range []struct {
		name string
		into **qom.Object
	}{
		{"unattached", &m.env.Unattached}, {"peripheral", &m.env.Peripheral}, {"peripheral-anon", &m.env.PeripheralAnon},
	} {
		if *c.into, err = t.NewChild(object, c.name, "container"); err != nil {
			return err
		}
	}
	m.env.Memory.Unattached = m.env.Unattached
	m.env.Memory.Log = m.log
	qdev.InitSystemBus(m.env)

	m.systemMemory.Init(m.env.Memory, nil, "system", ^uint64(0))
	m.systemIO.InitIO(m.env.Memory, nil, memory.UnassignedIO{}, "io", 1<<16)
	m.memorySpace = m.env.Memory.NewSpace(&m.systemMemory, "memory")
	m.ioSpace = m.env.Memory.NewPortSpace(&m.systemIO, "I/O")
	return nil
}

// Build makes processors, memory and the board, with what extra adds to it.
func (m *Machine) Build(extra ...BoardDevice) error {
	m.extra = extra
	defer func() { m.extra = nil }()
	m.defaultMemory()
	if err := m.completeNUMA(); err != nil {
		return err
	}
	if err := m.buildCXL(); err != nil {
		return err
	}
	if err := m.buildProcessors(); err != nil {
		return err
	}
	if err := m.buildRAM(); err != nil {
		return err
	}
	if err := m.buildBoard(); err != nil {
		return err
	}
	if err := m.describe(); err != nil {
		return err
	}
	if err := m.configure(m.opts.Settings); err != nil {
		return err
	}
	m.forgetFlash()
	if err := m.buildFaults(); err != nil {
		return err
	}
	if m.opts.NewGuest != nil {
		m.guest = m.opts.NewGuest(hardware{m})
		return nil
	}
	return m.buildGuest()
}

// buildGuest makes the guest that is named, and the object that steers it.
func (m *Machine) buildGuest() error {
	switch m.opts.Guest {
	case "", "none":
		return nil
	case "linux":
		m.guest = guest.NewLinux(hardware{m}, m.opts.GuestOptions)
	default:
		return fmt.Errorf("unknown guest '%s', known are %s", m.opts.Guest, strings.Join(guest.Kinds(), ", "))
	}
	if m.opts.HideGuest {
		return nil
	}
	o, err := m.env.Tree.NewChild(m.object, "guest", guestType)
	if err != nil {
		return err
	}
	o.Self().(*guestObject).m = m
	return nil
}

// configure sets the machine's properties from a configuration, as text.
func (m *Machine) configure(settings *qjson.Object) error {
	if settings == nil {
		return nil
	}
	for name, v := range settings.All() {
		if err := m.object.Set(name, qom.Options(v)); err != nil {
			return err
		}
	}
	return nil
}

type memoryConfig struct {
	Size    uint64 `json:"size"`
	Slots   int    `json:"slots,omitempty"`
	MaxSize uint64 `json:"max-size,omitempty"`
}

// tearDown releases everything, under the lock.
func (m *Machine) tearDown() {
	for _, c := range []*qom.Object{m.env.Peripheral, m.env.PeripheralAnon} {
		if c == nil {
			continue
		}
		children := c.Children()
		for i := len(children) - 1; i >= 0; i-- {
			children[i].Unparent()
		}
	}
	if m.board != nil {
		m.board.Close()
	}
	m.windows.Close()
	for i := range m.slots {
		if cpu := m.slots[i].CPU; cpu != nil && cpu.Parent() != nil {
			cpu.Unparent()
		}
		m.slots[i].thread.Stop()
	}
	for _, s := range m.processors {
		s.space.Destroy()
	}
	if m.memorySpace != nil {
		m.memorySpace.Destroy()
		m.ioSpace.Destroy()
	}
	m.env.Memory.Settle()
	m.env.Tree.Close()
	m.env.Memory.Settle()
}
