package pci

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/devices/memory"
	"github.com/qomd/qomd/devices/qdev"
)

// shpcSize is the size of a standard hot-plug controller's register block.
const shpcSize = 0x1000

// shpc is the standard hot-plug controller of a conventional bridge.
type shpc struct {
	bridge *Bridge
	slots  [32]shpcSlot // by number on the bus, 1 to 31
}

type shpcSlot struct {
	state, led uint8 // as the slot status register codes them
	present    bool
	button     bool
}

func (s *shpc) active() bool { return s.bridge != nil }

func (s *shpc) init(b *Bridge, regs *memory.Region, capability int) error {
	if _, err := b.AddCapability(CapHotplug, capability, 8); err != nil {
		return err
	}
	s.bridge = b
	regs.Init(b.Env().Memory, &b.Object, "shpc-mmio", shpcSize)
	return nil
}

func (s *shpc) reset() {}

var _ = errors.New
var _ = fmt.Errorf
var _ qdev.HotplugHandler
