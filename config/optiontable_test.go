package config_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/qomd/qomd/config"
	"github.com/qomd/qomd/devices/catalog"
)

const optionsHead = `# What becomes of QEMU's options

Every option of QEMU's command line, as the catalogs tell them. Made by ` + "`go test ./config -run TestOptionTable -update`" + `;
the test holds it to the truth. Nothing in the last column means that the option does what it does in QEMU.

| option | 11.1 | 7.2 | here |
| --- | --- | --- | --- |
`

// TestOptionTable holds OPTIONS.md to what the command line does, and the
// command line to the options QEMU has.
func TestOptionTable(t *testing.T) {
	type row struct {
		in     map[string]bool
		effect string
	}
	rows, order := map[string]*row{}, []string{}
	for _, name := range catalog.Names() {
		c, err := catalog.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(c.Options()) < 100 {
			t.Fatalf("%s: %d options", name, len(c.Options()))
		}
		for _, o := range config.OptionTable(c) {
			text := "-" + o.Name
			if o.Argument {
				text += " ARG"
			}
			if rows[text] == nil {
				rows[text] = &row{in: map[string]bool{}, effect: o.Effect}
				order = append(order, text)
			}
			rows[text].in[name] = true
			if o.Effect == "refused: an unknown option" {
				t.Errorf("-%s of %s is not known", o.Name, name)
			}
		}
	}
	var b strings.Builder
	b.WriteString(optionsHead)
	mark := map[bool]string{true: "x", false: ""}
	for _, name := range order {
		r := rows[name]
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, mark[r.in[catalog.QEMU111]], mark[r.in[catalog.QEMU72]], r.effect)
	}
	if *update {
		if err := os.WriteFile("OPTIONS.md", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile("OPTIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(have), b.String()); diff != "" {
		t.Errorf("OPTIONS.md is not up to date, see its head (-have +want):\n%s", diff)
	}
}
