package cxl

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// WindowOptions describe a fixed memory window, as -machine cxl-fmw does.
type WindowOptions struct {
	Size        uint64 // bytes
	Granularity uint64 // bytes of one target before the next; 0: 256
	Targets     []string
}

// windowUnit is what the sizes of windows, and their places, are multiples of.
const windowUnit = 256 << 20

// Check reports what QEMU does not take.
func (o WindowOptions) Check() error {
	if _, ok := encodeWays(len(o.Targets)); !ok {
		return fmt.Errorf("Interleave ways: %d not supported", len(o.Targets))
	}
	if o.Size%windowUnit != 0 {
		return errors.New("Size of a CXL fixed memory window must be a multiple of 256MiB")
	}
	if o.Granularity != 0 {
		if _, ok := encodeGranularity(o.Granularity); !ok {
			return fmt.Errorf("Interleave granularity: %d invalid", o.Granularity)
		}
	}
	return nil
}

// Windows are where CXL shows in the machine's memory: the registers of its host
// bridges, and the fixed memory windows, in this order.
type Windows struct {
	on        bool
	registers memory.Region
	list      []*window
}

// window is a fixed memory window, cxl-fmw: memory of the devices behind some
// host bridges, which take turns.
type window struct {
	dev     *qdev.Device // nil where QEMU has none
	region  memory.Region
	options WindowOptions
	gran    uint // as a power of two
	base    uint64
	hosts   []*HostBridge // nil until [Windows.Connect]
}

// AddWindows makes the windows that are asked for; [Windows.Place] shows them.
func (w *Windows) AddWindows(env *qdev.Env, list []WindowOptions) error {
	for _, o := range list {
		if err := o.Check(); err != nil {
			return err
		}
		n := &window{options: o, gran: 8}
		if o.Granularity != 0 {
			g, _ := encodeGranularity(o.Granularity)
			n.gran += g
		}
		w.list = append(w.list, n)
		class := env.Tree.Types.Class("cxl-fmw")
		if class == nil {
			continue
		}
		obj := env.Tree.NewClass(class)
		n.dev = qdev.From(obj)
		err := n.dev.Realize(env.SystemBus)
		obj.Unref()
		if err != nil {
			return err
		}
	}
	return nil
}

const registersSize = 1 << 20

// Place shows everything in system from an address on and returns where it ends.
func (w *Windows) Place(machine *qom.Object, sys *memory.System, system *memory.Region, from uint64) (end uint64) {
	w.on = true
	w.registers.Init(sys, machine, "cxl_host_reg", registersSize)
	system.AddSubregion(from, &w.registers)
	end = from + registersSize
	if len(w.list) > 0 {
		end = (end + windowUnit - 1) &^ (windowUnit - 1)
	}
	for _, n := range w.list {
		owner := machine
		if n.dev != nil {
			owner = &n.dev.Object
		}
		n.base = end
		n.region.InitIO(sys, owner, n, "cxl-fixed-memory-region", n.options.Size)
		n.region.SetRules(&windowRules)
		system.AddSubregion(end, &n.region)
		end += n.options.Size
	}
	return end
}

// Close takes the devices of the windows away.
func (w *Windows) Close() {
	for _, n := range w.list {
		if n.dev != nil {
			n.dev.Unparent()
		}
	}
	w.list = nil
}

// Connect shows the registers of the host bridges, in the order given, and finds
// the windows' targets, the ids or paths of pxb-cxl devices.
func (w *Windows) Connect(tree *qom.Tree, hosts []*HostBridge) error {
	if !w.on {
		if len(hosts) > 0 {
			return errors.New("CXL host bridges present, but cxl=off")
		}
		return nil
	}
	for i, h := range hosts {
		at := uint64(i) * componentSize
		if at > registersSize {
			return errors.New("Insufficient space for pxb cxl host register space")
		}
		w.registers.AddSubregion(at, &h.component.block)
	}
	for _, n := range w.list {
		for _, name := range n.options.Targets {
			h := hostOf(tree, name, hosts)
			if h == nil {
				return fmt.Errorf("Could not resolve CXLFM target %s", name)
			}
			n.hosts = append(n.hosts, h)
		}
	}
	return nil
}

func hostOf(tree *qom.Tree, name string, hosts []*HostBridge) *HostBridge {
	o, _ := tree.Resolve(name, "pxb-cxl")
	for _, h := range hosts {
		if o != nil && &h.Expander().Object == o {
			return h
		}
	}
	return nil
}

var windowRules = memory.Rules{
	Valid: memory.Access{Min: 1, Max: 8, Unaligned: true},
	Impl:  memory.Access{Min: 1, Max: 8, Unaligned: true},
}

// Read implements [memory.Ops]. What leads nowhere reads 0.
func (n *window) Read(offset uint64, size int) uint64 {
	if t, addr := n.device(offset); t != nil {
		return t.readMemory(addr, size)
	}
	return 0
}

// Write implements [memory.Ops].
func (n *window) Write(offset uint64, size int, val uint64) {
	if t, addr := n.device(offset); t != nil {
		t.writeMemory(addr, size, val)
	}
}

// device returns whose memory is at an offset, nil for nobody's, and the host
// physical address.
func (n *window) device(offset uint64) (*Type3, uint64) {
	addr := n.base + offset
	if len(n.hosts) == 0 {
		return nil, addr
	}
	return n.hosts[addr>>n.gran%uint64(len(n.hosts))].expander(addr), addr
}

// space returns the address space that a host physical address is in, and where,
// nil when it is in none or its capacity has not come yet.
func (t *Type3) space(addr uint64, size int) (*memory.AddressSpace, uint64) {
	dpa, ok := t.mediaAddress(addr)
	if !ok || dpa >= t.media.static() && !t.backed(dpa, uint64(size)) {
		return nil, 0
	}
	for i := range t.media.parts {
		if n := t.media.size(i); dpa >= n {
			dpa -= n
			continue
		}
		return t.media.spaces[i], dpa
	}
	return nil, 0
}

// readMemory answers what the host reads. While the media is disabled that is
// not to be relied upon: QEMU gives random numbers, this zeros.
func (t *Type3) readMemory(addr uint64, size int) uint64 {
	as, at := t.space(addr, size)
	if as == nil || t.disabled {
		return 0
	}
	v, _ := as.ReadN(at, size)
	return v
}

func (t *Type3) writeMemory(addr uint64, size int, val uint64) {
	if as, at := t.space(addr, size); as != nil && !t.disabled {
		as.WriteN(at, size, val)
	}
}
