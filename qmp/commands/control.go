package commands

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/qjson"
)

// control registers qapi/control.json and qapi/introspect.json.
func (c *Commands) control() {
	qmp.Register(c.set, "query-version", 0, c.queryVersion)
	qmp.Register(c.set, "query-commands", 0, c.queryCommands)
	qmp.Register(c.set, "query-qmp-schema", 0, c.querySchema)
	qmp.Register(c.set, "quit", 0, c.quit)
	if c.hmp != nil {
		qmp.Register(c.set, "human-monitor-command", 0, c.human)
	}
}

func (c *Commands) queryVersion(*qmp.Call, none) (*qjson.Object, error) {
	return Version(c.m.Options().Catalog).Info(), nil
}

// Version returns the version of a catalog as the protocol tells it.
func Version(cat *catalog.Catalog) qmp.Version {
	v := cat.Version()
	return qmp.Version{Major: v.Major, Minor: v.Minor, Micro: v.Micro, Package: v.Package}
}

type commandInfo struct {
	Name string `json:"name"`
}

// queryCommands lists those of the catalog's commands that are there. qomd's own
// are in the schema only, which tells how to use them: a client that compares
// lists finds what it expects.
func (c *Commands) queryCommands(*qmp.Call, none) ([]commandInfo, error) {
	known := map[string]bool{}
	for _, name := range c.m.Options().Catalog.Commands() {
		known[name] = true
	}
	list := []commandInfo{}
	for _, name := range c.set.Names() {
		if known[name] {
			list = append(list, commandInfo{name})
		}
	}
	return list, nil
}

// querySchema tells of the commands that are there, and of all events: as with
// QEMU, whether one ever comes depends on what the machine has.
func (c *Commands) querySchema(*qmp.Call, none) ([]any, error) {
	return c.schema.Subset(c.set.Names(), c.schema.Events())
}

func (c *Commands) quit(call *qmp.Call, _ none) (none, error) {
	c.m.Quit("host-qmp-quit")
	return none{}, nil
}

type humanArgs struct {
	Line string `json:"command-line"`
	CPU  *int64 `json:"cpu-index"`
}

func (c *Commands) human(call *qmp.Call, a humanArgs) (string, error) {
	return c.hmp(call, a.Line, a.CPU)
}
