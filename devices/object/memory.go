package object

import (
	"errors"
	"fmt"
	"slices"
	"syscall"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// maxNodes is how many NUMA nodes QEMU can tell apart.
const maxNodes = 128

// MemoryBackend is guest memory. No host memory is taken for it: its region is
// sparse, whatever kind of backend it is.
type MemoryBackend struct {
	qom.Object
	region   memory.Region
	size     uint64 // bytes
	share    bool
	complete bool
	mapped   bool
}

// RAM returns the region, which exists once the backend is complete.
func (b *MemoryBackend) RAM() *memory.Region { return &b.region }

// Size returns the size in bytes.
func (b *MemoryBackend) Size() uint64 { return b.size }

// Mapped reports whether the machine or a device uses the memory.
func (b *MemoryBackend) Mapped() bool { return b.mapped }

// SetMapped records whether the memory is in use; while it is, the backend
// cannot be deleted.
func (b *MemoryBackend) SetMapped(mapped bool) { b.mapped = mapped }

// MemoryOf returns the backend that a link of o leads to, nil for none.
func MemoryOf(o *qom.Object, link string) *MemoryBackend {
	p := o.Property(link)
	if p == nil || p.Target == nil {
		return nil
	}
	if to := p.Target(o); to != nil {
		b, _ := to.Self().(*MemoryBackend)
		return b
	}
	return nil
}

// BusyMemory is QEMU's complaint about memory that somebody else has.
func BusyMemory(b *MemoryBackend) error {
	return fmt.Errorf("can't use already busy memdev: %s", b.Name())
}

func registerMemory(t *qom.Types) {
	self := func(o *qom.Object) *MemoryBackend { return o.Self().(*MemoryBackend) }
	add(t, qom.TypeInfo{
		Name: "memory-backend", Parent: "object", Abstract: true,
		New:       func() qom.Instance { return new(MemoryBackend) },
		ClassInit: with(memoryBehavior()),
		Init: initially("dump", true, "merge", true, "reserve", true, "prealloc", false, "prealloc-threads", int64(1),
			"policy", "default", "x-use-canonical-path-for-ramblock-id", false),
		Properties: []*qom.Property{
			{Name: "size", Type: "int",
				Get: func(o *qom.Object) (any, error) { return self(o).size, nil },
				Set: func(o *qom.Object, in qom.Input) error { return self(o).setSize(in) }},
			{Name: "share", Type: "bool",
				Get: func(o *qom.Object) (any, error) { return self(o).share, nil },
				Set: func(o *qom.Object, in qom.Input) error {
					v, err := in.Bool("share")
					if err != nil {
						return err
					}
					if self(o).complete {
						return errors.New("cannot change property value")
					}
					self(o).share = v
					return nil
				}},
			integers("host-nodes"),
			{Name: "prealloc-threads", Type: "int", Get: show("prealloc-threads"), Set: func(o *qom.Object, in qom.Input) error {
				n, err := in.Uint("prealloc-threads", 32)
				if err == nil && n == 0 {
					err = fmt.Errorf("property 'prealloc-threads' of %s doesn't take value '0'", o.TypeName())
				}
				if err == nil {
					o.Store("prealloc-threads", int64(n))
				}
				return err
			}},
		},
	})
	add(t, qom.TypeInfo{
		Name: "memory-backend-memfd", Parent: "memory-backend",
		Init: func(o *qom.Object) {
			self(o).share = true
			o.Store("seal", true)
		},
	})
	add(t, qom.TypeInfo{
		Name: "memory-backend-shm", Parent: "memory-backend",
		Init: func(o *qom.Object) { self(o).share = true },
	})
	add(t, qom.TypeInfo{Name: "memory-backend-file", Parent: "memory-backend", ClassInit: with(memoryBehavior("mem-path"))})
}

func memoryBehavior(required ...string) Behavior {
	return Behavior{
		Required:  append([]string{"size"}, required...),
		Complete:  func(o *qom.Object) error { return o.Self().(*MemoryBackend).allocate() },
		MayDelete: func(o *qom.Object) error { return o.Self().(*MemoryBackend).mayDelete() },
	}
}

func (b *MemoryBackend) setSize(in qom.Input) error {
	if b.complete {
		return fmt.Errorf("cannot change property size of %s ", b.TypeName()) // the blank is QEMU's
	}
	v, err := in.Size("size")
	switch {
	case err != nil:
		return err
	case v == 0:
		return fmt.Errorf("property 'size' of %s doesn't take value '0'", b.TypeName())
	}
	b.size = v
	return nil
}

func (b *MemoryBackend) allocate() error {
	nodes, _ := b.Stored("host-nodes").([]any)
	policy := b.StoredString("policy")
	reserve := b.StoredBool("reserve")
	prealloc := b.StoredBool("prealloc")
	switch {
	case prealloc && !reserve:
		return errors.New("'prealloc=on' and 'reserve=off' are incompatible")
	case b.size == 0:
		return fmt.Errorf("can't create backend with size 0")
	}
	if err := b.checkStore(); err != nil {
		return err
	}
	for _, n := range nodes {
		if n.(int64) >= maxNodes {
			return fmt.Errorf("Invalid host-nodes value: %d", n)
		}
	}
	switch {
	case len(nodes) > 0 && policy == "default":
		return errors.New("host-nodes must be empty for policy default, or you should explicitly specify a policy other than default")
	case len(nodes) == 0 && policy != "default":
		return fmt.Errorf("host-nodes must be set for policy %s", policy)
	case len(nodes) > 0 && !slices.ContainsFunc(nodes, isNode):
		return fmt.Errorf("cannot bind memory to host NUMA nodes: %s", Strerror(syscall.EINVAL))
	}
	b.region.InitRAM(qdev.EnvOf(&b.Object).Memory, &b.Object, b.Name(), b.size)
	b.complete = true
	return nil
}

func (b *MemoryBackend) mayDelete() error {
	if b.mapped {
		return fmt.Errorf("Cannot delete host memory backend '%s' which is mapped", b.Name())
	}
	return nil
}
