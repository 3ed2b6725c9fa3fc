package trace_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/qomd/qomd/devices/trace"
)

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		want    bool
	}{
		{"pci_cfg_read", true}, {"pci*", true}, {"*", true}, {"**read", true}, {"p?i_*_r*d", true}, {"*_cfg_rea?", true},
		{"", false}, {"pci", false}, {"pci_cfg_rea?", false}, {"*pci_cfg_read?", false}, {"*x", false}, {"PCI*", false},
	} {
		if trace.Match(c.pattern, trace.PCIRead) != c.want {
			t.Errorf("%q: not %v", c.pattern, c.want)
		}
	}
}

// Only what is on is in the file, and only since it is the file.
func TestTracer(t *testing.T) {
	dir := t.TempDir()
	tr := new(trace.Tracer)
	defer tr.Close()
	pass := func() {
		for _, p := range []trace.Point{trace.PCIRead, trace.PCIWrite} {
			if tr.On(p) {
				tr.Printf(p, "at %d", 7)
			}
		}
	}
	content := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	log := func(name string) {
		if err := tr.LogTo(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	log("a")
	pass()
	tr.Switch(trace.PCIWrite, true)
	pass()
	tr.Switch(trace.PCIRead, true)
	log("b")
	pass()
	tr.Switch(trace.PCIRead, false)
	tr.Switch(trace.PCIWrite, false)
	pass()
	if a, b := content("a"), content("b"); a != "pci_cfg_write at 7\n" || b != "pci_cfg_read at 7\npci_cfg_write at 7\n" {
		t.Errorf("%q and %q", a, b)
	}
	var none *trace.Tracer
	if none.On(trace.PCIRead) || tr.On(trace.PCIRead) {
		t.Error("on")
	}
	if err := tr.LogTo(filepath.Join(dir, "%s")); err == nil {
		t.Error("a bad name is taken")
	}
}
