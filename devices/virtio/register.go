package virtio

import (
	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// Register adds virtio buses, backends and PCI proxies to t. Which concrete
// types there are (-transitional and so on) the catalog knows; code is added to
// the abstract type they share.
func Register(t *qom.Types) {
	t.Add(qom.TypeInfo{Name: "virtio-bus", Parent: "bus", Abstract: true})
	t.Add(qom.TypeInfo{Name: "virtio-pci-bus", Parent: "virtio-bus"})
	t.Add(qom.TypeInfo{
		Name: "virtio-device", Parent: "device", Abstract: true,
		New: func() qom.Instance { return new(Generic) },
		ClassInit: func(c *qom.Class) {
			qdev.UpdateClass(c, func(k *qdev.Class) { k.BusType = "virtio-bus" })
		},
	})
	add[Blk](t, "virtio-blk-pci-base", "virtio-blk-device", &kindBlk, nil)
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

// add registers the backends of a type and the proxies that embed one. setUp,
// if any, is called on a backend before its type's initializers.
func add[B any, P backendOf[B]](t *qom.Types, proxy, backend string, k *Kind, setUp func(P)) {
	t.Add(qom.TypeInfo{
		Name: backend, Parent: "virtio-device",
		New: func() qom.Instance {
			b := P(new(B))
			if setUp != nil {
				setUp(b)
			}
			return b
		},
		Init: func(o *qom.Object) { From(o).kind = k },
	})
	t.Add(qom.TypeInfo{
		Name: proxy, Parent: "virtio-pci", Abstract: true,
		New: func() qom.Instance { return new(pciOf[B]) },
		Init: func(o *qom.Object) {
			p := o.Self().(*pciOf[B])
			if setUp != nil {
				setUp(P(&p.backend))
			}
			p.embed(P(&p.backend), backend, k)
		},
	})
}
