package misc

import (
	"errors"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/pci"
)

// sharedMemory is ivshmem-plain: a BAR that shows a memory backend which other
// machines may have too.
type sharedMemory struct {
	pci.Device
	memory *object.MemoryBackend // while it is realized
}

// RealizePCI implements [pci.Function].
func (s *sharedMemory) RealizePCI() error {
	b := object.MemoryOf(&s.Object, "memdev")
	switch {
	case b == nil:
		return errors.New("You must specify a 'memdev'")
	case b.Mapped():
		return object.BusyMemory(b)
	}
	s.RealizeFromFacts()
	s.memory = b
	b.SetMapped(true)
	return nil
}

// ExitPCI implements [pci.Exiter].
func (s *sharedMemory) ExitPCI() {
	if s.memory != nil {
		s.memory.SetMapped(false)
		s.memory = nil
	}
}

// MigrationBlocker implements [qdev.MigrationBlocker]: the memory of a peer is
// carried by another machine.
func (s *sharedMemory) MigrationBlocker() string {
	if master, _ := s.Get("master"); master == "on" {
		return ""
	}
	return "Migration is disabled when using feature 'peer mode' in device 'ivshmem'"
}
