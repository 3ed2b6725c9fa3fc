package memory

import (
	"iter"

	"github.com/qomd/qomd/qom"
)

// testingT is what the harness needs of a test, ordinary or rapid.
type testingT interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// machine is what tests work on: a tree with a container for regions without
// owner, and a port and a memory space.
type machine struct {
	*System
	t       testingT
	tree    *qom.Tree
	io, mem Region
	ports   *AddressSpace
	memory  *AddressSpace
	broken  []qom.Violation
}

// device owns regions and has a gate; its core is embedded by value.
type device struct {
	qom.Object
	id    string
	gate  Gate
	core  core
	r     Region
	other Region
	read  func(addr uint64, size int) uint64
	write func(addr uint64, size int, val uint64)
}

// core is a child that finds its gate in its parent.
type core struct {
	qom.Object
	bar, cap Region
}

func (d *device) ID() string { return d.id }

func (d *device) Gate() *Gate { return &d.gate }

func (d *device) Read(addr uint64, size int) uint64 {
	if d.read != nil {
		return d.read(addr, size)
	}
	return 0x1122334455667788 >> (8 * (addr & 7))
}

func (d *device) Write(addr uint64, size int, val uint64) {
	if d.write != nil {
		d.write(addr, size, val)
	}
}

func newMachine(t testingT) *machine {
	types := qom.NewTypes(nil)
	Register(types)
	types.Add(qom.TypeInfo{Name: "device", Parent: "object"})
	types.Add(qom.TypeInfo{Name: "core", Parent: "object"})
	types.Add(qom.TypeInfo{Name: "card", Parent: "device",
		New: func() qom.Instance { return new(device) },
		Init: func(o *qom.Object) {
			d := o.Self().(*device)
			if _, err := o.Tree().EmbedChild(o, o, "core", &d.core, "core"); err != nil {
				panic(err)
			}
		}})
	m := &machine{t: t, tree: qom.NewTree(types)}
	m.tree.OnViolation = func(v qom.Violation) { m.broken = append(m.broken, v) }
	m.System = NewSystem(m.tree)
	o, err := m.tree.NewChild(m.tree.Root(), "machine", "container")
	if err != nil {
		t.Fatal(err)
	}
	if m.Unattached, err = m.tree.NewChild(o, "unattached", "container"); err != nil {
		t.Fatal(err)
	}
	m.mem.Init(m.System, nil, "system", 1<<64-1)
	m.io.InitIO(m.System, nil, UnassignedIO{}, "io", 65536)
	m.memory = m.NewSpace(&m.mem, "memory")
	m.ports = m.NewPortSpace(&m.io, "I/O")
	return m
}

// plug makes a card below the root.
func (m *machine) plug(name string) *device {
	o, err := m.tree.NewChild(m.tree.Root(), name, "card")
	if err != nil {
		m.t.Fatal(err)
	}
	return o.Self().(*device)
}

// treeErrors yields what is wrong with the tree and which rules were broken.
func (m *machine) treeErrors() iter.Seq[error] {
	return func(yield func(error) bool) {
		for err := range qom.Check(m.tree) {
			if !yield(err) {
				return
			}
		}
		for _, v := range m.broken {
			if !yield(v) {
				return
			}
		}
		m.broken = nil
	}
}

// check verifies the tree and that no rule was broken; the number of storages
// of cards that must be alive is n.
func (m *machine) check(n int) {
	m.t.Helper()
	for err := range m.treeErrors() {
		m.t.Error(err)
	}
	cards := 0
	for s := range m.tree.Storages() {
		if s.TypeName() == "card" {
			cards++
		}
	}
	if cards != n {
		m.t.Errorf("%d cards are alive, want %d", cards, n)
	}
}

// finish ends the machine and checks that nothing is left.
func (m *machine) finish() {
	m.t.Helper()
	m.Close()
	m.tree.Close()
	for s := range m.tree.Storages() {
		m.t.Errorf("%s is left", s.TypeName())
	}
	for _, v := range m.broken {
		m.t.Error(v)
	}
	if n := m.Reclaimer.Len(); n != 0 {
		m.t.Errorf("%d callbacks are left", n)
	}
}

// holders describes the tokens on an object, oldest first.
func holders(o *qom.Object) []string {
	var list []string
	for _, h := range o.Holds() {
		list = append([]string{h.Kind().String() + ": " + h.Who()}, list...)
	}
	return list
}
