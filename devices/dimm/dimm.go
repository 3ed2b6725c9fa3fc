package dimm

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Names of the types, and the least size of an NVDIMM's labels.
const (
	TypeName   = "pc-dimm"
	NVTypeName = "nvdimm"
	minLabels  = 128 << 10
)

// DIMM is a memory module.
type DIMM struct {
	qdev.Device
	backend *object.MemoryBackend // while it is realized
	alias   memory.Region         // of an NVDIMM: the backend without the labels
	leave   func()                // takes it out of its window; nil while it is in none
}

// From returns the module that d is, nil when it is none.
func From(d *qdev.Device) *DIMM {
	m, _ := d.Self().(*DIMM)
	return m
}

// Register adds the types to t.
func Register(t *qom.Types) {
	if !t.HasFacts(TypeName) {
		return
	}
	t.Add(qom.TypeInfo{
		Name: TypeName, Parent: "device",
		New: func() qom.Instance { return new(DIMM) },
		Properties: []*qom.Property{{
			Name: "size", Type: "uint64",
			Get: func(o *qom.Object) (any, error) { return o.Self().(*DIMM).size() },
		}},
	})
	if !t.HasFacts(NVTypeName) {
		return
	}
	t.Add(qom.TypeInfo{
		Name: NVTypeName, Parent: TypeName,
		Properties: []*qom.Property{{
			Name: "label-size", Type: "int",
			Get: func(o *qom.Object) (any, error) { return labels(o), nil },
			Set: func(o *qom.Object, in qom.Input) error {
				if o.Self().(*DIMM).Realized() {
					return errors.New("cannot change property value")
				}
				n, err := in.Size("label-size")
				if err == nil && n < minLabels {
					err = fmt.Errorf("Property 'nvdimm.label-size' (0x%x) is required at least 0x%x", n, minLabels)
				}
				if err == nil {
					o.Store("label-size", n)
				}
				return err
			},
		}},
	})
}

func labels(o *qom.Object) uint64 {
	return o.StoredUint("label-size")
}

var errNoBackend = errors.New("'memdev' property must be set")

// memdev returns the backend that the property of that name leads to.
func (d *DIMM) memdev() *object.MemoryBackend { return object.MemoryOf(&d.Object, "memdev") }

// size is what the guest gets of the backend.
func (d *DIMM) size() (uint64, error) {
	b := d.memdev()
	if b == nil {
		return 0, errNoBackend
	}
	return b.Size() - min(labels(&d.Object), b.Size()), nil
}

// Backend returns the memory of the module, nil while it is not realized.
func (d *DIMM) Backend() *object.MemoryBackend { return d.backend }

// NonVolatile reports whether the module is an NVDIMM.
func (d *DIMM) NonVolatile() bool { return d.Is(NVTypeName) }

// MemoryID implements [MemoryDevice].
func (d *DIMM) MemoryID() string { return d.ID() }

// MemorySize implements [MemoryDevice].
func (d *DIMM) MemorySize() uint64 {
	n, _ := d.size()
	return n
}

// PluggedSize implements [MemoryDevice]: a module is plugged as a whole.
func (d *DIMM) PluggedSize() uint64 { return d.MemorySize() }

// Alignment implements [MemoryDevice].
func (d *DIMM) Alignment() uint64 { return HugePage }

// Address implements [MemoryDevice].
func (d *DIMM) Address() uint64 { return d.StoredUint("addr") }

// SetAddress implements [MemoryDevice].
func (d *DIMM) SetAddress(addr uint64) { d.Store("addr", addr) }

// Slot returns the number of its slot, -1 while it has none.
func (d *DIMM) Slot() int64 { n, _ := d.Stored("slot").(int64); return n }

// Node returns its NUMA node.
func (d *DIMM) Node() uint32 { n := d.StoredUint("node"); return uint32(n) }

// Realize implements [qdev.Realizer].
func (d *DIMM) Realize() error {
	b := d.memdev()
	switch {
	case b == nil:
		return errNoBackend
	case b.Mapped():
		return object.BusyMemory(b)
	case d.Node() >= d.Env().Nodes():
		return fmt.Errorf("'DIMM property node has value %d' which exceeds the number of numa nodes: %d", d.Node(), d.Env().Nodes())
	}
	if d.NonVolatile() {
		if labels(&d.Object) >= b.Size() {
			return fmt.Errorf("the size of memdev %s (0x%x) is too small to contain nvdimm label (0x%x) and aligned PMEM (0x%x)",
				b.Name(), b.Size(), labels(&d.Object), uint64(0))
		}
		d.alias.InitAlias(d.Env().Memory, &d.Object, "nvdimm-memory", b.RAM(), 0, d.MemorySize())
	}
	d.backend = b
	b.SetMapped(true)
	return nil
}

// Unrealize implements [qdev.Unrealizer]: the guest sees it no longer, and the
// backend is free again.
func (d *DIMM) Unrealize() {
	if d.leave != nil {
		d.leave()
		d.leave = nil
	}
	if d.NonVolatile() {
		d.alias.Unparent()
	}
	d.backend.SetMapped(false)
	d.backend = nil
}

// Memory implements [MemoryDevice]. That of an NVDIMM is made by realize.
func (d *DIMM) Memory() *memory.Region {
	switch b := d.memdev(); {
	case b == nil:
		return nil
	case d.NonVolatile():
		return &d.alias
	default:
		return b.RAM()
	}
}
