package config

import (
	"errors"
	"fmt"
	"strings"
)

// debugcon makes the debug console with its character device, both of that name.
func (b *builder) debugcon(a argument) error {
	const id = "debugcon"
	failed := fmt.Errorf("invalid character backend '%s'", a.value)
	back, existing := strings.CutPrefix(a.value, "chardev:")
	if existing && !b.groups["chardev"].has(back) {
		return failed
	} else if !existing {
		back = id
		if err := b.chardevWord(id, a); err != nil {
			return wordErrors(a.origin, err, failed)
		}
	}
	o, err := b.groups["device"].use(id, true)
	if err != nil {
		return err
	}
	o.origin = a.origin
	o.pairs = []pair{{"driver", "isa-debugcon"}, {"chardev", back}}
	return nil
}

// usbDevices are the words of -usbdevice with the drivers they stand for.
var usbDevices = map[string]string{"tablet": "usb-tablet", "mouse": "usb-mouse", "keyboard": "usb-kbd", "wacom-tablet": "usb-wacom-tablet"}

// usbDevice makes a USB device by its old name, and the controllers for it.
func (b *builder) usbDevice(a argument) error {
	if err := setDotted(b.machine, "usb", "on"); err != nil {
		return err
	}
	driver, ok := usbDevices[a.value]
	if !ok {
		err := at(a.origin, fmt.Errorf("could not add USB device '%s'", a.value))
		if strings.Contains(a.value, ":") {
			err = errors.Join(at(a.origin, errors.New("usbdevice parameters are not supported anymore")), err)
		}
		return b.late(err)
	}
	b.m.Devices = append(b.m.Devices, Device{Driver: driver, Origin: a.origin})
	return nil
}

// late keeps a mistake until everything else has been looked at.
func (b *builder) late(err error) error {
	if b.lateError == nil {
		b.lateError = err
	}
	return nil
}

// finishMemoryPath makes sure that only one option says where memory is.
func (b *builder) finishMemoryPath() error {
	if b.m.MemoryPath != "" && b.machine.Has("memory-backend") {
		return errors.New("'-mem-path' can't be used together with'-machine memory-backend'")
	}
	return nil
}
