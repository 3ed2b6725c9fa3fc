package commands

import (
	"errors"
	"sync"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/schema"
	"github.com/qomd/qomd/qom"
)

// Commands carries what the commands work on.
type Commands struct {
	m      *machine.Machine
	set    *qmp.CommandSet
	schema *schema.Schema
	hmp    HMP
}

// HMP runs a line of the human monitor and returns what it prints. cpu is the
// CPU chosen by the caller, nil for none.
type HMP func(c *qmp.Call, line string, cpu *int64) (string, error)

// New returns the table of commands of a machine. human may be nil: then there
// is no human-monitor-command. The schema is that of the machine's catalog, as
// [Schema] makes it.
func New(m *machine.Machine, s *schema.Schema, human HMP) *qmp.CommandSet {
	c := &Commands{m: m, set: qmp.NewCommandSet(), schema: s, hmp: human}
	c.control()
	c.runState()
	c.qom()
	c.devices()
	c.machine()
	c.cpus()
	c.cpuModels()
	c.memory()
	c.interrupts()
	c.acpi()
	c.ui()
	c.input()
	c.rocker()
	c.cxl()
	c.ebpf()
	c.stats()
	c.accel()
	c.chardevs()
	c.vnc()
	c.fds()
	c.net()
	c.block()
	c.migration()
	c.snapshots()
	c.misc()
	c.confidential()
	c.queries()
	c.virtio()
	c.ramBlocks()
	c.saveMemory()
	c.dump()
	c.dirtyRate()
	c.xen()
	c.trace()
	c.lifetime()
	c.set.Mark(qmp.AllowPreconfig, preconfig...)
	return c.set
}

// Schema returns the introspection schema of a catalog together with the
// commands and events that only qomd has. It reads nothing before it is asked
// the first question, and is meant to be shared by all machines of a catalog.
func Schema(cat *catalog.Catalog) *schema.Schema {
	s := schema.New(func() ([]byte, error) {
		text, err := cat.SchemaJSON()
		if err != nil {
			return nil, err
		}
		return joinArrays(text, extensions), nil
	})
	s.AddVariant("object-add", "qom-type", "x-hold", "x-hold-properties")
	return s
}

// Schemas keeps one schema per catalog for a process that runs many machines.
// The zero value is ready to use.
type Schemas struct {
	mu sync.Mutex
	by map[*catalog.Catalog]*schema.Schema
}

// Of returns the schema of a catalog.
func (s *Schemas) Of(cat *catalog.Catalog) *schema.Schema {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc := s.by[cat]; sc != nil {
		return sc
	}
	if s.by == nil {
		s.by = map[*catalog.Catalog]*schema.Schema{}
	}
	sc := Schema(cat)
	s.by[cat] = sc
	return sc
}

// none is the argument or the result of a command that has none.
type none = struct{}

// wireError gives an error of the tree its class; others keep theirs.
func wireError(err error) error {
	var missing *qom.NotFoundError
	if errors.As(err, &missing) {
		return qmp.Errorf(qmp.DeviceNotFound, "%s", missing.Error())
	}
	return err
}
