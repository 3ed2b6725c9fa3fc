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

// Errors of interception, in QEMU's words.
var (
	errIntercepted   = errors.New("IRQ intercept already enabled")
	errNothingToTell = errors.New("No intercepts installed")
)

// How QEMU calls inputs and outputs without a name of their own.
const (
	gpioIn  = "unnamed-gpio-in"
	gpioOut = "unnamed-gpio-out"
)

// interceptIn begins to tell of the inputs of a device.
func (s *Server) interceptIn(a []string) (string, error) {
	return s.intercept(a[0], gpioIn, func(o *qom.Object) {
		s.m.WatchInputs(o, s.changed)
	})
}

// interceptOut begins to tell of the outputs of a device, of a name or those
// without one.
func (s *Server) interceptOut(a []string) (string, error) {
	name := gpioOut
	if len(a) > 1 {
		name = a[1]
	}
	return s.intercept(a[0], name, func(o *qom.Object) { s.m.WatchOutputs(o, name, s.changed) })
}

// intercept begins with one device, unless it did before.
func (s *Server) intercept(path, lines string, watch func(o *qom.Object)) (string, error) {
	o, err := s.device(path)
	switch {
	case err != nil:
		return "", err
	case s.intercepted == o.Path():
	case s.intercepted != "":
		return "", errIntercepted
	case o.Property(lines+"[0]") == nil:
		return "", errNothingToTell
	default:
		s.intercepted = o.Path()
		watch(o)
	}
	return "OK", nil
}

// setIRQIn drives an input of a device: its path, the name of the inputs,
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
	s.m.DriveInput(o, int(n[0]), n[1] != 0)
	return "OK", nil
}
