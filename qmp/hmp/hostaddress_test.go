package hmp

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/machine"
)

// What a debugger finds at the address is the guest's memory.
func TestHostAddress(t *testing.T) {
	m, err := machine.New(machine.Options{Type: "q35"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	var at, physical, none, device string
	const addr = 0x12345
	m.Do(func() {
		if err = m.Build(); err != nil {
			return
		}
		m.MemorySpace().Write(addr, []byte("marked"))
		tell := func(line string) string {
			r := &run{h: New(m, nil, nil)}
			r.line(line)
			return r.out.String()
		}
		at, physical = tell("gpa2hva 0x12345"), tell("gpa2hpa 0x12345")
		none, device = tell("gpa2hva 0xf000000000"), tell("gpa2hva 0xfec00000")
	})
	if err != nil {
		t.Fatal(err)
	}
	if none != "No memory is mapped at address 0xf000000000\n" || device != "Memory at address 0xfec00000 is not RAM\n" {
		t.Errorf("%q, %q", none, device)
	}
	if !strings.HasPrefix(physical, "Host physical address for 0x12345 (pc.ram) is 0x") || !strings.HasSuffix(physical, "345\n") {
		t.Errorf("%q", physical)
	}
	text, ok := strings.CutPrefix(strings.TrimSpace(at), "Host virtual address for 0x12345 (pc.ram) is ")
	n, err := strconv.ParseInt(text, 0, 64)
	if !ok || err != nil {
		t.Fatalf("%q: %v", at, err)
	}
	f, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	got := make([]byte, 6)
	if _, err := f.ReadAt(got, n); err != nil || string(got) != "marked" {
		t.Errorf("%q, %v", got, err)
	}
}
