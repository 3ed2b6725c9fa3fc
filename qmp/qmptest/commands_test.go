package qmptest_test

import (
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/qmptest"
)

// Every command that needs no arguments runs on every kind of machine, and says
// what the schema allows: that is checked by the machine, reply by reply.
func TestCommandsWithoutArguments(t *testing.T) {
	t.Parallel()
	s := commands.Schema(catalog.Default())
	for name, machine := range map[string]qmptest.Option{"none": qmptest.None(), "pc": qmptest.PC(), "q35": qmptest.Q35()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := qmptest.Start(t, machine).Client()
			var list []struct{ Name string }
			c.Must("query-commands", nil, &list)
			ran := 0
			for _, command := range list {
				switch command.Name {
				case "qmp_capabilities", "quit":
					continue
				}
				if s.CheckArguments(command.Name, qjson.NewObject()) != nil {
					continue // it needs some
				}
				ran++
				if _, err := c.Execute(command.Name, nil); err != nil && strings.HasPrefix(err.Error(), "internal error") {
					t.Errorf("%s: %v", command.Name, err)
				}
			}
			if ran < 90 {
				t.Errorf("%d commands ran, of %d", ran, len(list))
			}
			t.Logf("%d commands", ran)
		})
	}
}
