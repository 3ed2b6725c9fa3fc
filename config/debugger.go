package config

import "github.com/qomd/qomd/devices/catalog"

// Debugger is where a debugger can connect.
type Debugger struct {
	Device string // in the words of -gdb
	Origin Origin
}

// standardDebugger is what -s and HMP's gdbserver mean.
const standardDebugger = "tcp::1234"

func (b *builder) debugger(a argument) error {
	if a.name == "s" {
		a.value = standardDebugger
	}
	b.m.Debuggers = append(b.m.Debuggers, Debugger{a.value, a.origin})
	return nil
}

// ParseChardevWord reads a character device in the words of -serial and -gdb, as
// the QEMU of a catalog knows them. It is nil, without an error, for what QEMU
// refuses without a reason.
func ParseChardevWord(cat *catalog.Catalog, id, word string) (*Chardev, error) {
	groups := newGroups(cat)
	b := &builder{groups: groups}
	if err := b.chardevWord(id, argument{value: word}); err != nil {
		if err == errUnparsed {
			err = nil
		}
		return nil, err
	}
	c, err := newChardev(groups["chardev"].list[0])
	if err == nil {
		err = checkFD(c.Socket)
	}
	return &c, err
}
