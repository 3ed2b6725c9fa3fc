package acpi

import "testing"

// Status is cleared by writing 1, enable is plain; the block is byte-wide.
func TestGPE(t *testing.T) {
	var g GPE
	raised := 0
	g.Raised = func() { raised++ }
	g.Init(4)
	g.Send(GPEPCIHotplug | GPEMemoryHotplug)
	if g.Read(0, 1) != 0x0a || g.Read(1, 1) != 0 || raised != 1 {
		t.Errorf("status 0x%x, raised %d times", g.Read(0, 1), raised)
	}
	g.Write(0, 1, 0x02)
	g.Write(2, 1, 0x0a)
	if g.Read(0, 1) != 0x08 || g.Read(2, 1) != 0x0a || raised != 2 {
		t.Errorf("status 0x%x, enable 0x%x, raised %d times", g.Read(0, 1), g.Read(2, 1), raised)
	}
	g.Write(9, 1, 1)
	if g.Read(9, 1) != 0 {
		t.Error("there is a register beyond the block")
	}
	g.Reset()
	if g.Read(0, 1)|g.Read(2, 1) != 0 {
		t.Error("not cleared by a reset")
	}
}
