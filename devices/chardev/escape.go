package chardev

import (
	"fmt"
	"strings"
)

// ctrlA begins a command to a multiplexer unless -echr says otherwise.
const ctrlA = 0x01

// Terminal is what commands to a multiplexer are to do with the machine. Its
// functions are called under the machine's lock; nil ones do nothing.
type Terminal struct {
	// Escape is the byte that begins a command, when HasEscape; what is no byte
	// never comes.
	Escape    int
	HasEscape bool
	Quit      func() // end the machine
	Commit    func() // write what temporary layers have into their images
}

// escape is the byte that begins a command.
func (m *Mux) escape() int {
	if t := m.dev.set.Terminal; t.HasEscape {
		return t.Escape
	}
	return ctrlA
}

// command does what the byte after the escape asks for, as QEMU's multiplexer.
func (m *Mux) command(b byte) {
	t := m.dev.set.Terminal
	switch b {
	case '?', 'h':
		toBase{m}.Write([]byte(m.help()))
	case 'x':
		toBase{m}.Write([]byte("QEMU: Terminated\n\r"))
		if t.Quit != nil {
			t.Quit()
		}
	case 's':
		if t.Commit != nil {
			t.Commit()
		}
	case 't':
		m.stamps.toggle()
	case 'b':
		if f := m.dev.ports[m.focus].fe; f != nil && f.Event != nil {
			f.Event(Break)
		}
	case 'c':
		m.next()
	}
}

// help lists the commands.
func (m *Mux) help() string {
	name, head := "Escape-Char", fmt.Sprintf("\n\rEscape-Char set to Ascii: 0x%02x\n\r\n\r", m.escape())
	if c := m.escape(); c > 0 && c < 26 {
		name, head = fmt.Sprintf("C-%c", 'a'-1+c), "\n\r"
	}
	var b strings.Builder
	b.WriteString(head)
	for _, line := range []string{
		"h    print this help", "x    exit emulator", "s    save disk data back to file (if -snapshot)",
		"t    toggle console timestamps", "b    send break (magic sysrq)", "c    switch between console and monitor",
		name + "  sends " + name,
	} {
		fmt.Fprintf(&b, "%s %s\n\r", name, line)
	}
	return b.String()
}
