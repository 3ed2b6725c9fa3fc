package commands_test

import (
	"os"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/machine"
	"github.com/qomd/qomd/qmp"
	"github.com/qomd/qomd/qmp/commands"
	"github.com/qomd/qomd/qmp/schema"
)

// COMMANDS.md tells of every command of the default catalog whether it is there,
// and for each that is not, why.
func TestTableOfCommands(t *testing.T) {
	m, err := machine.New(machine.Options{Type: "none"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	s := commands.Schema(m.Options().Catalog)
	human := func(*qmp.Call, string, *int64) (string, error) { return "", nil }
	set := commands.New(m, s, human)

	text, err := os.ReadFile("COMMANDS.md")
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 {
			continue
		}
		name, there, note := strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])
		if there != "yes" && there != "no" {
			continue // the table's head
		}
		told[name] = true
		switch has := set.Lookup(name) != nil; {
		case has != (there == "yes"):
			t.Errorf("%s: COMMANDS.md says %q, but it is there: %t", name, there, has)
		case !has && note == "":
			t.Errorf("%s is not there, and COMMANDS.md does not say why", name)
		}
	}
	plain := schema.New(m.Options().Catalog.SchemaJSON)
	for _, name := range plain.Commands() {
		if !told[name] {
			t.Errorf("%s is not in COMMANDS.md", name)
		}
		delete(told, name)
	}
	for name := range told {
		t.Errorf("COMMANDS.md has %s, which QEMU has not", name)
	}
}
