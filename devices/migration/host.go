package migration

import (
	"encoding/json"
	"slices"

	"github.com/qomd/qomd/devices/chardev"
	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/qom"
)

// Host is the machine that migrates. Its methods need the machine's lock, which
// Do takes.
type Host interface {
	Do(f func())
	Emit(event string, data any)
	Descriptors() *chardev.Files
	// Tree has the objects that parameters name.
	Tree() *qom.Tree

	// MachineType is the versioned name, UUID the machine's.
	MachineType() string
	UUID() string
	// Waiting reports whether the machine is one that waits for a stream, and
	// HandedOver whether it gave itself away and did not go on since.
	Waiting() bool
	HandedOver() bool

	// Blocks lists guest memory, in an order that is always the same.
	Blocks() []Block
	// Plugs lists the devices that users made, and what buses made for them, in
	// the order in which they came.
	Plugs() []Plug
	// Save returns the state of everything; an error says what cannot be carried.
	Save() ([]Section, error)
	// Blockers lists what keeps the machine from migrating, in words for people.
	Blockers() []string

	// Part has the guest let go of what is not carried and comes back by itself,
	// Parting reports whether it still has to, and Rejoin takes that back.
	Part()
	Parting() bool
	Rejoin()

	// Halt stops the machine for the hand-over, and LetGo gives up its images for
	// somebody else to take. Then either Release lets it go on as if nothing had
	// been, or GiveUp says that it lives elsewhere now.
	Halt()
	LetGo() error
	Release()
	GiveUp()

	// Collect reads, while the machine stands still, what of its state is kept
	// outside of it, and Install takes there what Load has given. Both may block,
	// and are called without the machine's lock.
	Collect() error
	Install() error

	// Redo starts again what was under way when the state was saved that Load
	// has given. Arrive does it too.
	Redo()

	// Follow makes the devices of users those of a plan, Load gives everything
	// its state, and Arrive lets the machine go on as it was.
	Follow(plan []Plug) error
	Load([]Section) error
	Arrive()
	// Fail ends the machine: nothing of use came in.
	Fail(err error)
}

// Block is a piece of guest memory.
type Block struct {
	Name   string // the same on both sides
	Region *memory.Region
}

// Plug is a device that a user made, or that a bus made by itself for one.
type Plug struct {
	Path   string `json:"path"`
	Name   string `json:"name"` // in messages
	Driver string `json:"driver"`
	// Hotplugged tells that it came after the machine was complete; Request is
	// then the device_add that made it.
	Hotplugged bool            `json:"hotplugged,omitempty"`
	Request    json.RawMessage `json:"request,omitempty"`
	// Own tells that a bus made it by itself.
	Own bool `json:"own,omitempty"`
	// Bus is the path of the bus it sits on, empty for none. Spot says where on
	// that, by its properties, and Place for devices that chose it when they came
	// and have no property for it: the port of a USB device.
	Bus   string   `json:"bus,omitempty"`
	Spot  []string `json:"spot,omitempty"`
	Place string   `json:"place,omitempty"`
}

// Same reports whether two plugs are of the same device in the same place.
func (p *Plug) Same(q *Plug) bool {
	return p.Driver == q.Driver && p.Name == q.Name && p.Bus == q.Bus && p.Place == q.Place && slices.Equal(p.Spot, q.Spot)
}

// Section is the state of one object.
type Section struct {
	Path  string          `json:"path"`
	Name  string          `json:"name"` // in messages
	Type  string          `json:"type"`
	State json.RawMessage `json:"state"`
}
