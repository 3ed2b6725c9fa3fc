package qmptest

import (
	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/schema"
)

// They keep each catalog and its schema for all machines of a test binary.
var (
	catalogs catalog.Set
	schemas  commands.Schemas
)

// findSchema returns what the machine of a configuration says of its commands
// and events.
func findSchema(cfg config.Machine) (*schema.Schema, error) {
	c, err := catalogs.Open(cfg.Catalog)
	if err != nil {
		return nil, err
	}
	return schemas.Of(c), nil
}

// checkReply fails the test when a command returned what its schema does not
// allow. It runs under the machine's lock, or none out of band.
func (m *Machine) checkReply(command string, result any) {
	if err := m.schema.CheckReply(command, result); err != nil {
		m.t.Errorf("qmptest: a reply does not fit the schema: %v", err)
	}
}

// checkEvent does the same for events.
func (m *Machine) checkEvent(name string, data any) {
	if err := m.schema.CheckEvent(name, data); err != nil {
		m.t.Errorf("qmptest: an event does not fit the schema: %v", err)
	}
}
