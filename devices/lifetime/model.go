package lifetime

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// Model is a rule by which the objects of a machine live and end.
type Model uint8

// The models.
const (
	// StorageRef frees storage when the object that owns it and all embedded in
	// it are finalized. DEVICE_DELETED follows; until then the id is taken.
	StorageRef Model = iota
	// Classic is the rule of QEMU 11.1: storage is freed at the end of its
	// owner's finalizer, DEVICE_DELETED is sent by the finalizer, and an id may
	// be used again at once. What QEMU does with freed memory is reported here.
	Classic
	// Aggregate finalizes an object and all embedded in it together, when
	// nobody outside refers to any of them.
	Aggregate
	// QEMU72 is the rule of QEMU 7.2: as Classic, and the core of an xHCI holds
	// the controller it is part of by a strong link, which nothing ever clears.
	QEMU72
)

var names = [...]string{StorageRef: "storage-ref", Classic: "classic", Aggregate: "aggregate", QEMU72: "qemu-7.2"}

// Names lists the models, the default first.
func Names() []string { return append([]string(nil), names[:]...) }

// String returns the name used in configurations.
func (m Model) String() string { return names[m] }

// Parse returns the model of a name; the empty name is the default.
func Parse(name string) (Model, error) {
	if name == "" {
		return StorageRef, nil
	}
	for i, n := range names {
		if n == name {
			return Model(i), nil
		}
	}
	return 0, fmt.Errorf("lifetime '%s' is none of %s", name, strings.Join(names[:], ", "))
}

// Policy returns the rule by which storage dies.
func (m Model) Policy() qom.Policy {
	switch m {
	case Classic, QEMU72:
		return qom.Classic
	case Aggregate:
		return qom.Aggregate
	}
	return qom.StorageRef
}

// StrongHost reports whether the core of an xHCI holds its controller.
func (m Model) StrongHost() bool { return m == QEMU72 }
