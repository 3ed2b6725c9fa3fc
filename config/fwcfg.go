package config

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/qomd/qomd/devices/chipset"
	"github.com/qomd/qomd/devices/object"
)

// longestEntry is how many bytes the name of a firmware configuration entry may
// have.
const longestEntry = 55

// firmwareEntry applies -fw_cfg.
func (b *builder) firmwareEntry(a argument) error {
	o, err := b.add("fw_cfg", a)
	if err != nil {
		return err
	}
	sources := 0
	for _, name := range []string{"file", "string", "gen_id"} {
		if o.text(name) != "" {
			sources++
		}
	}
	name := o.text("name")
	switch {
	case name == "" || sources != 1:
		return errors.New("name, plus exactly one of file, string and gen_id, are needed")
	case len(name) > longestEntry:
		return fmt.Errorf("name too long (max. %d char)", longestEntry)
	}
	if !strings.HasPrefix(name, "opt/") {
		b.warn(a.origin, "externally provided fw_cfg item names should be prefixed with \"opt/\"")
	}
	for _, other := range b.groups["fw_cfg"].list {
		if other != o && other.text("name") == name {
			return fmt.Errorf("duplicate fw_cfg file name: %s", name)
		}
	}
	data := []byte(o.text("string"))
	if file := o.text("file"); file != "" {
		switch data, err = os.ReadFile(file); {
		case errors.Is(err, syscall.EISDIR):
			return fmt.Errorf("can't load %s: Error reading file “%s”: Is a directory", file, file)
		case err != nil:
			return fmt.Errorf("can't load %s: Failed to open file “%s”: %s", file, file, object.Strerror(err))
		}
	}
	if o.text("gen_id") == "" {
		b.m.Firmware.Files = append(b.m.Firmware.Files, chipset.FirmwareFile{Name: name, Data: data})
	}
	return nil
}

// ownFirmware are files that QEMU comes with, for its PCs.
var ownFirmware = []string{"bios.bin", "bios-256k.bin", "bios-microvm.bin", "qboot.rom", "edk2-x86_64-code.fd", "edk2-x86_64-secure-code.fd",
	"OVMF.fd"}

// finishBoot holds a kernel and a firmware with a path to files that are there.
// Firmware without one is looked for where QEMU keeps its own, which we do not
// have.
func (b *builder) finishBoot() error {
	if kernel, ok := b.machine.Get("kernel"); ok {
		f, err := os.Open(fmt.Sprint(kernel))
		if err != nil {
			return bareError(fmt.Errorf("qemu: could not open kernel file '%v': %s", kernel, object.Strerror(err)))
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil && info.IsDir() {
			return bareError(fmt.Errorf("qemu: could not load kernel '%v': Is a directory", kernel))
		}
	}
	if b.machine.Has("firmware") {
		firmware := stringOf(b.machine, "firmware")
		if _, err := os.Stat(firmware); err != nil && !slices.Contains(ownFirmware, firmware) {
			return bareError(fmt.Errorf("qemu: could not load PC BIOS '%s'", firmware))
		}
	}
	return nil
}
