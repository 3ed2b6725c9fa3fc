package qtest_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRoutes plays what was recorded with QEMU 11.1.3: interrupts of PCI while
// the guest changes what they are routed to.
func TestRoutes(t *testing.T) {
	for board, slots := range map[string][]string{"pc": {"4", "5"}, "q35": {"4", "19", "1e"}} {
		text, err := os.ReadFile("testdata/routes-" + board + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		m, s := newServer(t, board)
		for _, slot := range slots {
			add(t, m, "edu", "e"+slot, slot)
		}
		var got strings.Builder
		for line := range strings.Lines(string(text)) {
			command, _, ok := strings.Cut(line, " => ")
			if !ok {
				continue // it tells of an interrupt
			}
			told := strings.Split(s.Run(command), "\n")
			for _, l := range told[:len(told)-1] {
				got.WriteString(l + "\n")
			}
			got.WriteString(command + " => " + told[len(told)-1] + "\n")
		}
		if diff := cmp.Diff(string(text), got.String()); diff != "" {
			t.Errorf("%s (-recorded +got):\n%s", board, diff)
		}
	}
}

// TestRerouteAsserted: a pin of one of the board's own slots that is asserted
// goes over to the line that its slot gets, and is released there. (QEMU counts
// it on the old line, for ever.)
func TestRerouteAsserted(t *testing.T) {
	m, s := newServer(t, "q35")
	add(t, m, "edu", "e", "19")
	for _, c := range [][2]string{
		{"irq_intercept_in ioapic", "OK"},
		{"outl 0xcf8 0x8000c810", "OK"}, {"outl 0xcfc 0xe0000000", "OK"}, {"outl 0xcf8 0x8000c804", "OK"}, {"outw 0xcfc 6", "OK"},
		{"outl 0xcf8 0x8000f8f0", "OK"}, {"outl 0xcfc 0xfed1c001", "OK"},
		{"writel 0xe0000060 1", "IRQ raise 16\nOK"},
		{"writew 0xfed1f150 0x3215", "IRQ lower 16\nIRQ raise 21\nOK"},
		{"writew 0xfed1f150 0x3212", "IRQ raise 18\nIRQ lower 21\nOK"},
		{"writel 0xe0000064 1", "IRQ lower 18\nOK"},
		{"outl 0xcf8 0x8000f8f0", "OK"}, {"outl 0xcfc 0", "OK"}, {"readw 0xfed1f150", "OK 0x0000000000000000"},
	} {
		if got := s.Run(c[0]); got != c[1] {
			t.Errorf("%s: %q, want %q", c[0], got, c[1])
		}
	}
}

// TestOutputs plays what was recorded with QEMU 11.1.3 for interrupt outputs.
func TestOutputs(t *testing.T) {
	edu := [][2]string{{"outl 0xcf8 0x80002010", "OK"}, {"outl 0xcfc 0xe0000000", "OK"}, {"outl 0xcf8 0x80002004", "OK"}, {"outw 0xcfc 6", "OK"}}
	for _, c := range []struct {
		typ   string
		lines [][2]string
	}{
		{"q35", append(edu,
			[2]string{"irq_intercept_out /machine/unattached/device[2]", "FAIL No intercepts installed"},
			[2]string{"irq_intercept_out /machine/unattached/device[2] foo", "FAIL No intercepts installed"},
			[2]string{"irq_intercept_out /nope", "FAIL Unknown device"},
			[2]string{"irq_intercept_in /machine/peripheral/e", "FAIL No intercepts installed"},
			[2]string{"irq_intercept_out /machine/unattached/device[2] gsi", "OK"},
			[2]string{"irq_intercept_out /machine/unattached/device[2] gsi", "OK"},
			[2]string{"outl 0xcf8 0x8000f868", "OK"}, [2]string{"outb 0xcfc 11", "OK"},
			[2]string{"writel 0xe0000060 1", "IRQ raise 20\nIRQ raise 11\nOK"},
			[2]string{"irq_intercept_in ioapic", "FAIL IRQ intercept already enabled"},
			[2]string{"writel 0xe0000064 1", "IRQ lower 20\nIRQ lower 11\nOK"})},
		{"pc", append(edu,
			[2]string{"irq_intercept_out /machine/unattached/device[3] isa-irqs", "OK"},
			[2]string{"outl 0xcf8 0x80000860", "OK"}, [2]string{"outb 0xcff 11", "OK"},
			[2]string{"writel 0xe0000060 1", "IRQ raise 11\nOK"}, [2]string{"writel 0xe0000064 1", "IRQ lower 11\nOK"})},
	} {
		m, s := newServer(t, c.typ)
		add(t, m, "edu", "e", "4")
		for _, l := range c.lines {
			if got := s.Run(l[0]); got != l[1] {
				t.Errorf("%s: %s: %q, QEMU says %q", c.typ, l[0], got, l[1])
			}
		}
	}
}
