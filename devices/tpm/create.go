package tpm

import (
	"errors"
	"fmt"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// Help is what QEMU prints for -tpmdev help.
const Help = "Supported TPM types (choose only one):\n passthrough   Passthrough TPM backend driver\n    emulator   TPM emulator backend driver"

// members are those of -tpmdev besides its id, by its type.
var members = map[string][]string{
	"emulator":    {"type", "chardev"},
	"passthrough": {"type", "path", "cancel-path"},
}

// Add makes the TPM of the machine from what -tpmdev says, texts all of it. It is
// called without the machine's lock, and may block for some seconds. The errors
// are QEMU's.
func (s *Set) Add(id string, given *qjson.Object) error {
	text := func(name string) string {
		v, _ := given.Get(name)
		t, _ := v.(string)
		return t
	}
	kind := text("type")
	switch {
	case s.backend != nil:
		return errors.New("Only one TPM is allowed.")
	case id == "":
		return errors.New("Parameter 'id' is missing")
	case kind == "":
		return errors.New("Parameter 'type' is missing\n" + Help)
	case members[kind] == nil:
		return errors.New("Parameter 'type' expects a TPM backend type\n" + Help)
	}
	for name := range given.All() {
		if !slices.Contains(members[kind], name) {
			return fmt.Errorf("Invalid parameter '%s'", name)
		}
	}
	var d driver
	var err error
	if kind == "emulator" {
		if !given.Has("chardev") {
			return errors.New("tpm-emulator: parameter 'chardev' is missing")
		}
		d, err = newEmulator(s.chars, s.do, id, text("chardev"))
	} else {
		d, err = newPassthrough(passthroughOptions{text("path"), text("cancel-path")})
	}
	if err == nil {
		s.do(func() { s.backend = &Backend{id: id, set: s, driver: d} })
	}
	return err
}
