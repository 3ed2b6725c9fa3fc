package memory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/qom"
)

// TypeName is the QOM type of regions.
const TypeName = "memory-region"

// Register adds the type "memory-region" with its properties addr, container,
// priority and size.
func Register(t *qom.Types) {
	get := func(f func(*Region) any) func(*qom.Object) (any, error) {
		return func(o *qom.Object) (any, error) { return f(o.Self().(*Region)), nil }
	}
	container := func(o *qom.Object) *qom.Object {
		if c := o.Self().(*Region).container; c != nil {
			return &c.Object
		}
		return nil
	}
	t.Add(qom.TypeInfo{
		Name: TypeName, Parent: "object",
		New:      func() qom.Instance { return new(Region) },
		Finalize: func(o *qom.Object) { o.Self().(*Region).finalize() },
		Properties: []*qom.Property{
			{Name: "addr", Type: "uint64", Get: get(func(r *Region) any { return r.addr })},
			{Name: "container", Type: "link<memory-region>", Target: container,
				Get: func(o *qom.Object) (any, error) {
					if c := container(o); c != nil {
						return c.Path(), nil
					}
					return "", nil
				}},
			// The type says unsigned, as QEMU's does; the value has a sign.
			{Name: "priority", Type: "uint32", Get: get(func(r *Region) any { return r.priority })},
			{Name: "size", Type: "uint64", Get: get(func(r *Region) any { return r.Size() })},
		},
	})
}

// Kind says what an access to a region does.
type Kind uint8

// The kinds of regions.
const (
	KindContainer   Kind = iota // nothing itself, only what is added to it
	KindIO                      // calls back
	KindRAM                     // stores bytes
	KindRAMDevice               // stores bytes; it is no memory to the guest, only to its drivers
	KindROM                     // stores bytes; only [Region.Load] writes them
	KindAlias                   // shows a part of another region
	KindReservation             // covers what is beneath and answers nothing
)

// Region is a range of memory or ports, at an address of its container. It is
// embedded by value in the struct of its owner and made by one of its Init
// functions; it lives in the owner's memory, as foreign storage.
type Region struct {
	qom.Object

	sys   *System
	owner *qom.Object // whom a reference to the region holds; nil: nobody
	gate  *Gate
	ops   Ops
	rules *Rules
	ram   *ram
	label string
	size  int128

	kind        Kind
	disabled    bool
	readOnly    bool
	reentrant   bool // no guard against re-entry
	portList    bool // see InPortList
	priority    int32
	addr        uint64
	container   *Region
	kin         *kin      // nil for a region that has none
	hold        *qom.Hold // on owner, by container; nil unless that has another owner
	target      *Region   // of an alias
	aliasOffset uint64
	mark        uint64 // last rendering that visited the region
}

// kin are the regions below a region and those that show it. Few regions have
// any, and a machine has hundreds.
type kin struct {
	subregions []*Region // highest priority first, newest first among equals
	aliases    []*Region // that have this one as target
}

// relatives returns the kin to add to.
func (r *Region) relatives() *kin {
	if r.kin == nil {
		r.kin = new(kin)
	}
	return r.kin
}

// subregions lists what r contains; it is not to be changed.
func (r *Region) subregions() []*Region {
	if r.kin == nil {
		return nil
	}
	return r.kin.subregions
}

// aliases lists the regions that have r as target; it is not to be changed.
func (r *Region) aliases() []*Region {
	if r.kin == nil {
		return nil
	}
	return r.kin.aliases
}

// Init makes r a container: a region that shows only its subregions. Like all
// Init functions it takes the owner, whom references to the region will hold
// and whose child name[n] it becomes. A region without owner belongs to the
// machine: it becomes a child of [System.Unattached] and is never counted.
// Sizes are in bytes; the largest number stands for 2^64.
func (r *Region) Init(sys *System, owner *qom.Object, name string, size uint64) {
	r.initialize(sys, owner, KindContainer, name, size)
}

// InitIO makes r a region whose accesses call ops.
func (r *Region) InitIO(sys *System, owner *qom.Object, ops Ops, name string, size uint64) {
	r.initialize(sys, owner, KindIO, name, size)
	r.ops = ops
}

// InitRAM makes r memory, all zeros. It takes up room as it is written.
func (r *Region) InitRAM(sys *System, owner *qom.Object, name string, size uint64) {
	r.initialize(sys, owner, KindRAM, name, size)
	r.ram = newRAM(r.size)
}

// InitRAMDevice makes r memory that belongs to a device.
func (r *Region) InitRAMDevice(sys *System, owner *qom.Object, name string, size uint64) {
	r.initialize(sys, owner, KindRAMDevice, name, size)
	r.ram = newRAM(r.size)
}

// InitROM makes r memory that accesses cannot change.
func (r *Region) InitROM(sys *System, owner *qom.Object, name string, size uint64) {
	r.initialize(sys, owner, KindROM, name, size)
	r.ram, r.readOnly = newRAM(r.size), true
}

// InitAlias makes r a window on target, size bytes from offset on. An alias
// holds no reference; when its target goes it shows nothing.
func (r *Region) InitAlias(sys *System, owner *qom.Object, name string, target *Region, offset, size uint64) {
	r.initialize(sys, owner, KindAlias, name, size)
	r.target, r.aliasOffset = target, offset
	k := target.relatives()
	k.aliases = append(k.aliases, r)
}

// InitReservation makes r a region that hides what is beneath it and fails
// every access with DecodeError.
func (r *Region) InitReservation(sys *System, owner *qom.Object, name string, size uint64) {
	r.initialize(sys, owner, KindReservation, name, size)
}

func (r *Region) initialize(sys *System, owner *qom.Object, kind Kind, name string, size uint64) {
	if p := r.Phase(); p != qom.Raw && p != qom.Freed {
		panic(fmt.Sprintf("memory: region %q initialized while it is %s", r.label, p))
	}
	parent := owner
	if parent == nil {
		parent = sys.unattached()
	}
	*r = Region{}
	sys.Tree.InitForeign(parent, r, TypeName)
	r.sys, r.owner, r.kind, r.label, r.size = sys, owner, kind, name, wideSize(size)
	r.rules = &defaultRules
	if err := parent.AddChild(escape(name)+"[*]", &r.Object); err != nil {
		sys.Log.Error("memory region has no parent", "region", name, "error", err)
	}
	r.Unref()
}

// escape makes a name fit for a path.
func escape(name string) string {
	if !strings.ContainsAny(name, `/[]\`) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		if strings.IndexByte(`/[]\`, name[i]) >= 0 {
			fmt.Fprintf(&b, `\x%02x`, name[i])
		} else {
			b.WriteByte(name[i])
		}
	}
	return b.String()
}

// finalize takes the region out of everything; nobody needs it any more, for
// whoever did held its owner.
func (r *Region) finalize() {
	if r.sys == nil {
		return // made by name, never initialized
	}
	r.sys.Begin()
	defer r.sys.Commit()
	if r.container != nil {
		r.container.DelSubregion(r)
	}
	for subs := r.subregions(); len(subs) > 0; subs = r.subregions() {
		r.DelSubregion(subs[len(subs)-1])
	}
	for _, a := range r.aliases() {
		a.target = nil
		r.sys.changed(a)
	}
	r.kin = nil
	if r.target != nil {
		r.target.forget(r)
		r.target = nil
	}
	r.sys.changed(r)
	r.ram, r.ops = nil, nil
}

// forget drops an alias from the list of those that lead here.
func (r *Region) forget(alias *Region) {
	if i := slices.Index(r.aliases(), alias); i >= 0 {
		r.kin.aliases = slices.Delete(r.kin.aliases, i, i+1)
	}
}

// SetRules sets which access sizes are valid and implemented.
func (r *Region) SetRules(rules *Rules) { r.rules = rules }

// SetOwner makes references to the region hold o from now on, instead of the
// object it is a child of. It must not be in a container yet.
func (r *Region) SetOwner(o *qom.Object) { r.owner, r.gate = o, nil }

// InPortList notes that QEMU makes the region as one of a list of ports. There
// an object of its own, which nothing else shows, owns such a region.
func (r *Region) InPortList() { r.portList = true }

// AllowReentry lets the device's own memory accesses come back to this region
// while a callback of the device is running.
func (r *Region) AllowReentry() { r.reentrant = true }

// Label returns the name the region was given, without escapes and number.
func (r *Region) Label() string { return r.label }

// Owner returns the object that a reference to the region holds, or nil.
func (r *Region) Owner() *qom.Object { return r.owner }

// Kind returns what the region is.
func (r *Region) Kind() Kind { return r.kind }

// Size returns the size in bytes; the largest number stands for 2^64.
func (r *Region) Size() uint64 { return r.size.size64() }

// Address returns the offset in the container.
func (r *Region) Address() uint64 { return r.addr }

// Priority returns the priority in the container.
func (r *Region) Priority() int32 { return r.priority }

// Container returns the region this one was added to, or nil.
func (r *Region) Container() *Region { return r.container }

// Subregions lists what was added, highest priority first. The slice is the
// caller's.
func (r *Region) Subregions() []*Region { return append([]*Region(nil), r.subregions()...) }

// Enabled reports whether the region shows.
func (r *Region) Enabled() bool { return !r.disabled }

// ReadOnly reports whether writes are refused.
func (r *Region) ReadOnly() bool { return r.readOnly }

// Target returns the region that an alias shows, and from which offset on.
func (r *Region) Target() (*Region, uint64) { return r.target, r.aliasOffset }

// Stores reports whether the region keeps what is written to it: RAM and ROM do.
func (r *Region) Stores() bool { return r.ram != nil }

// Resident returns how many bytes of memory the content of a RAM or ROM region
// takes up.
func (r *Region) Resident() int64 {
	if r.ram == nil {
		return 0
	}
	return r.ram.pages.Load() * pageSize
}

// Load copies p into a RAM or ROM region from offset off on, past any
// write protection; what does not fit is left out. It returns how much was
// copied.
func (r *Region) Load(off uint64, p []byte) int {
	n := r.fits(off, len(p))
	if n > 0 {
		r.ram.write(off, p[:n])
	}
	return n
}

// Clear makes a part of a RAM region, which is whole pages of 4 KiB, read as
// zeros.
func (r *Region) Clear(off, size uint64) {
	r.ram.zero(r.ram.root.Load(), r.ram.levels, 0, off, off+size)
}

// Dump copies the content of a RAM or ROM region, from offset off on, to p.
// It returns how much was copied.
func (r *Region) Dump(off uint64, p []byte) int {
	n := r.fits(off, len(p))
	if n > 0 {
		r.ram.read(off, p[:n])
	}
	return n
}

func (r *Region) fits(off uint64, n int) int {
	if r.ram == nil || !wide(off).less(r.size) {
		return 0
	}
	return int(min128(wide(uint64(n)), r.size.sub(wide(off))).lo)
}
