package virtio

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Register adds virtio buses, backends and PCI proxies to t. Which concrete
// types there are (-transitional and so on) the catalog knows; code is added to
// the abstract type they share. Kinds that the catalog's QEMU does not have
// are left out.
func Register(t *qom.Types) {
	r := registry{t: t, added: map[string]bool{}}
	t.Add(qom.TypeInfo{Name: "virtio-bus", Parent: "bus", Abstract: true})
	t.Add(qom.TypeInfo{Name: "virtio-pci-bus", Parent: "virtio-bus"})
	t.Add(qom.TypeInfo{
		Name: "virtio-device", Parent: "device", Abstract: true,
		New: func() qom.Instance { return new(Generic) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType = "virtio-bus" })
		},
	})
	add[Blk](r, "virtio-blk-pci-base", "virtio-blk-device", &kindBlk, nil)
	add[Net](r, "virtio-net-pci-base", "virtio-net-device", &kindNet, nil)
	add[SCSI](r, "virtio-scsi-pci-base", "virtio-scsi-device", &kindSCSI, nil)
	add[Serial](r, "virtio-serial-pci-base", "virtio-serial-device", &kindSerial, nil)
	add[RNG](r, "virtio-rng-pci-base", "virtio-rng-device", &kindRNG, nil)
	add[Balloon](r, "virtio-balloon-pci-base", "virtio-balloon-device", &kindBalloon, nil, balloonProperties...)
	add[Mem](r, "virtio-mem-pci-base", "virtio-mem", &kindMem, nil, memProperties...)
	add[FS](r, FSProxy, "vhost-user-fs-device", &kindFS, nil)
	add[Vsock](r, "vhost-vsock-pci-base", "vhost-vsock-device", &kindVsock, nil)
	add[NineP](r, "virtio-9p-pci-base", "virtio-9p-device", &kindNineP, nil)
	add[Pmem](r, "virtio-pmem-pci-base", "virtio-pmem", &kindPmem, nil)
	for _, m := range [...]*hidModel{keyboardModel, mouseModel, tabletModel, multitouchModel} {
		add(r, "virtio-"+m.typ+"-pci-base-type", "virtio-"+m.typ+"-device", &kindInput, func(i *Input) { i.model = m })
	}
	for i := range generics {
		g := &generics[i]
		add(r, g.proxy, g.backend, &g.kind, func(b *Generic) { b.shape = &g.shape })
	}
	registerPorts(t)
}

// registry adds the types that a catalog has, or all of them without one.
type registry struct {
	t     *qom.Types
	added map[string]bool
}

func (r registry) add(info qom.TypeInfo) {
	if r.t.HasFacts(info.Name) && !r.added[info.Name] {
		r.added[info.Name] = true
		r.t.Add(info)
	}
}

// pciOf is a proxy with its backend, in one allocation.
type pciOf[B any] struct {
	Proxy
	backend B
}

// backendOf says that a pointer to B is a backend.
type backendOf[B any] interface {
	*B
	Model
}

// add registers the backends of a type, with the properties that need code, and
// the proxies that embed one. setUp, if any, is called on a backend before its
// initializers.
func add[B any, P backendOf[B]](r registry, proxy, backend string, k *Kind, setUp func(P), props ...*qom.Property) {
	if setUp == nil {
		setUp = func(P) {}
	}
	r.add(qom.TypeInfo{
		Name: backend, Parent: "virtio-device",
		New: func() qom.Instance {
			b := P(new(B))
			setUp(b)
			return b
		},
		Init:       func(o *qom.Object) { From(o).kind = k },
		Properties: props,
	})
	aliases := new(aliasTable)
	r.add(qom.TypeInfo{
		Name: proxy, Parent: "virtio-pci", Abstract: true,
		New: func() qom.Instance { return new(pciOf[B]) },
		Init: func(o *qom.Object) {
			p := o.Self().(*pciOf[B])
			setUp(&p.backend)
			p.embed(P(&p.backend), backend, k, aliases)
		},
	})
}
