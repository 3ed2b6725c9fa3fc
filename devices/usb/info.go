package usb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
)

// Info is what "info usb" prints of a machine, one line per device, in the
// order devices got their ports. Lines end in "\n". A machine without USB is an
// error, in QEMU's words.
func Info(env *qdev.Env) (string, error) {
	buses := Buses(env)
	if len(buses) == 0 {
		return "", errors.New("USB support not enabled")
	}
	var b strings.Builder
	for _, bus := range buses {
		for _, p := range bus.used {
			d := p.dev
			fmt.Fprintf(&b, "  Device %d.%d, Port %s, Speed %s Mb/s, Product %s",
				bus.number, d.addr, p.path, d.speed.Rate(), d.product)
			if d.ID() != "" {
				fmt.Fprintf(&b, ", ID: %s", d.ID())
			}
			b.WriteByte('\n')
		}
	}
	return b.String(), nil
}
