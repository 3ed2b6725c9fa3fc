package misc

import (
	"errors"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
)

// emulatedCard is ccid-card-emulated, a smart card that a library of the host
// plays. There is none here, so that it never starts.
type emulatedCard struct{ qdev.Device }

var certificates = []string{"cert1", "cert2", "cert3"}

// Realize implements [qdev.Realizer]. The list of backends that QEMU's error
// promises is a hint for the command line only.
func (c *emulatedCard) Realize() error {
	backend := c.StoredString("backend")
	unset := func(name string) bool { return c.StoredString(name) == "" }
	switch {
	case backend == "certificates" && slices.ContainsFunc(certificates, unset):
		return errors.New("ccid-card-emulated: you must provide all three certs for certificates backend")
	case backend == "certificates", backend == "nss-emulated":
		return errors.New("ccid-card-emulated: failed to initialize vcard")
	}
	return errors.New("backend must be one of:")
}
