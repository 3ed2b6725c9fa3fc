package qtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/qom"
)

// lineText is how the protocol tells of an interrupt line.
func lineText(input int, level bool) string {
	if level {
		return fmt.Sprintf("IRQ raise %d", input)
	}
	return fmt.Sprintf("IRQ lower %d", input)
}

// device finds a device by its path, which may be a part of one.
func (s *Server) device(path string) (*qom.Object, error) {
	o, _ := s.m.Tree().Resolve(path, "")
	if o == nil || !o.Is("device") {
		return nil, errors.New("Unknown device")
	}
	return o, nil
}

// errIntercepted is QEMU's text for a second device.
var errIntercepted = errors.New("IRQ intercept already enabled")

// interceptIn begins to tell of the inputs of a device. Those of the I/O APIC
// are modelled; others never change.
func (s *Server) interceptIn(a []string) (string, error) {
	o, err := s.device(a[0])
	if err != nil {
		return "", err
	}
	return s.intercept(o, o.Is("ioapic-common"))
}

// interceptOut does the same for outputs, of which none is modelled.
func (s *Server) interceptOut(a []string) (string, error) {
	o, err := s.device(a[0])
	if err != nil {
		return "", err
	}
	return s.intercept(o, false)
}

func (s *Server) intercept(o *qom.Object, watch bool) (string, error) {
	switch s.intercepted {
	case "":
		s.intercepted = o.Path()
		if watch {
			s.m.WatchInterrupts(s.changed)
		}
	case o.Path():
	default:
		return "", errIntercepted
	}
	return "OK", nil
}

// gpioIn is how QEMU calls inputs without a name of their own.
const gpioIn = "unnamed-gpio-in"

// setIRQIn drives an input of the I/O APIC: its path, the name of the inputs,
// the number and the level.
func (s *Server) setIRQIn(a []string) (string, error) {
	o, err := s.device(a[0])
	if err != nil {
		return "", err
	}
	n, err := numbers(a[2:], 2)
	if err != nil {
		return "", err
	}
	input := fmt.Sprintf("%s[%d]", a[1], n[0])
	if o.Child(input) == nil || !strings.HasPrefix(a[1], gpioIn) {
		return "", fmt.Errorf("'%s' has no input %s", a[0], input)
	}
	if o.Is("ioapic-common") {
		s.m.DriveInterrupt(int(n[0]), n[1] != 0)
	}
	return "OK", nil
}
