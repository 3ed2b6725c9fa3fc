package config

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/qomd/qomd/devices/object"
	"github.com/qomd/qomd/devices/smbios"
)

// What follows is meant for firmware: whoever plays the guest finds it behind the
// ports of fw_cfg.

// smbiosKinds are the members of the SMBIOS structures that -smbios can fill in,
// by type.
var smbiosKinds = map[uint64]map[string]string{
	0:  {"vendor": "string", "version": "string", "date": "string", "release": "string", "uefi": "boolean", "vm": "boolean"},
	1:  texts("manufacturer", "product", "version", "serial", "uuid", "sku", "family"),
	2:  texts("manufacturer", "product", "version", "serial", "asset", "location"),
	3:  texts("manufacturer", "version", "serial", "asset", "sku"),
	4:  {"sock_pfx": "string", "manufacturer": "string", "version": "string", "serial": "string", "asset": "string", "part": "string", "max-speed": "number", "current-speed": "number", "processor-family": "number", "processor-id": "number"},
	8:  {"internal_reference": "string", "external_reference": "string", "connector_type": "number", "port_type": "number"},
	9:  {"slot_designation": "string", "slot_type": "number", "slot_data_bus_width": "number", "current_usage": "number", "slot_length": "number", "slot_id": "number", "slot_characteristics1": "number", "slot_characteristics2": "number", "pci_device": "string"},
	11: texts("value", "path"),
	17: {"loc_pfx": "string", "bank": "string", "manufacturer": "string", "serial": "string", "asset": "string", "part": "string", "speed": "number"},
	41: {"designation": "string", "kind": "string", "instance": "number", "pcidev": "string"},
}

// texts makes members that are texts.
func texts(names ...string) map[string]string {
	kinds := make(map[string]string, len(names))
	for _, n := range names {
		kinds[n] = "string"
	}
	return kinds
}

// smbios applies -smbios.
func (b *builder) smbios(a argument) error {
	o, err := b.add("smbios", a)
	if err == nil {
		err = checkSMBIOS(o)
	}
	if err != nil {
		return err
	}
	e := smbios.Entry{}
	if file, ok := o.get("file"); ok {
		if e.File, err = os.ReadFile(file); err != nil || len(e.File) < smbiosHeader {
			return fmt.Errorf("Cannot read SMBIOS file %s", file)
		}
		e.Type = int(e.File[0])
		b.m.Firmware.SMBIOS = append(b.m.Firmware.SMBIOS, e)
		return nil
	}
	typ, _ := parseNumber("type", o.text("type")) // checked
	e.Type = int(typ)
	for _, p := range o.pairs {
		if p.name == "path" {
			content, err := os.ReadFile(p.value)
			if err != nil {
				return fmt.Errorf("Could not open '%s': %s", p.value, object.Strerror(err))
			}
			p.value = string(content)
		}
		if p.name == "uuid" {
			b.m.UUID = p.value
		}
		e.Pairs = append(e.Pairs, smbios.Pair{Name: p.name, Value: p.value})
	}
	b.m.Firmware.SMBIOS = append(b.m.Firmware.SMBIOS, e)
	return nil
}

// smbiosHeader is how long a structure is at least.
const smbiosHeader = 4

func checkSMBIOS(o *opts) error {
	if file, ok := o.get("file"); ok {
		if err := onlyMembers(o, map[string]string{"file": "string"}); err != nil {
			return err
		}
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			return fmt.Errorf("Cannot read SMBIOS file %s", file)
		}
		return nil
	}
	text, ok := o.get("type")
	if !ok {
		return errors.New("Must specify type= or file=")
	}
	typ, err := parseNumber("type", text)
	switch {
	case err != nil:
		return err
	case typ > 127:
		return errors.New("out of range!")
	case smbiosKinds[typ] == nil:
		return fmt.Errorf("Don't know how to build fields for SMBIOS type %d", typ)
	}
	if err := onlyMembers(o, smbiosKinds[typ]); err != nil {
		return err
	}
	return checkSMBIOSValues(o, typ)
}

// checkSMBIOSValues checks what is more than text or a number.
func checkSMBIOSValues(o *opts, typ uint64) error {
	switch typ {
	case 0:
		var major, minor uint8
		if r, ok := o.get("release"); ok {
			if n, _ := fmt.Sscanf(r, "%d.%d", &major, &minor); n != 2 {
				return errors.New("Invalid release")
			}
		}
	case 1:
		if id, ok := o.get("uuid"); ok {
			if _, err := parseUUID(id); err != nil {
				return errors.New("Invalid UUID")
			}
		}
	case 4:
		for _, name := range []string{"max-speed", "current-speed"} {
			if n, _ := parseNumber(name, o.text(name)); n > 65535 {
				return errors.New("SMBIOS CPU speed is too large (> 65535)")
			}
		}
	case 11:
		for _, p := range o.pairs {
			if p.name != "path" {
				continue
			}
			if _, err := os.Stat(p.value); err != nil {
				return fmt.Errorf("Could not open '%s': %s", p.value, object.Strerror(err))
			}
		}
	case 41:
		if kind, ok := o.get("kind"); ok && !contains(smbios.Kinds, kind) {
			return fmt.Errorf("invalid parameter value: %s", kind)
		}
	}
	return nil
}

// onlyMembers holds the members but for the type to those there are.
func onlyMembers(o *opts, kinds map[string]string) error {
	for _, p := range o.pairs {
		if p.name == "type" && kinds["file"] == "" {
			continue
		}
		kind, ok := kinds[p.name]
		if !ok {
			return fmt.Errorf("Invalid parameter '%s'", p.name)
		}
		if err := checkParam(kind, p.name, p.value); err != nil {
			return err
		}
	}
	return nil
}

// acpiMembers are those of -acpitable.
var acpiMembers = map[string]string{"sig": "string", "rev": "uint64", "oem_id": "string", "oem_table_id": "string",
	"oem_rev": "uint64", "asl_compiler_id": "string", "asl_compiler_rev": "uint64", "file": "string", "data": "string"}

const (
	acpiHeader  = 36    // bytes of a table's header
	largestACPI = 65535 // bytes of a table
)

// acpiTable applies -acpitable.
func (b *builder) acpiTable(a argument) error {
	pairs, _, _ := splitOpts(a.value, "")
	o := &opts{pairs: pairs}
	for _, p := range pairs {
		kind, ok := acpiMembers[p.name]
		if p.name == "id" {
			return checkID(p.value)
		}
		if !ok {
			return fmt.Errorf("Invalid parameter '%s'", p.name)
		}
		if kind == "uint64" {
			if _, err := strconv.ParseUint(p.value, 0, 64); err != nil {
				return fmt.Errorf("Parameter '%s' expects a uint64 value", p.name)
			}
		}
	}
	file, whole := o.get("file")
	data, part := o.get("data")
	if whole == part {
		return errors.New("'-acpitable' requires one of 'data' or 'file'")
	}
	content, err := os.ReadFile(file + data)
	switch {
	case err != nil:
		return fmt.Errorf("Could not open '%s': %s", file+data, object.Strerror(err))
	case whole && len(content) < acpiHeader:
		return fmt.Errorf("ACPI table claiming to have header is too short, available: %d, expected: %d", len(content), acpiHeader)
	case part && len(content)+acpiHeader > largestACPI:
		return fmt.Errorf("ACPI table too big, requested: %d, max: %d", len(content)+acpiHeader, largestACPI)
	case whole && binary.LittleEndian.Uint32(content[4:]) != uint32(len(content)):
		b.warn(a.origin, fmt.Sprintf("ACPI table has wrong length, header says %d, actual size %d bytes", binary.LittleEndian.Uint32(content[4:]), len(content)))
	case part && len(pairs) == 1:
		b.warn(a.origin, "ACPI table: no headers are specified")
	}
	if part {
		content = append([]byte(plainHeader), content...)
	}
	b.addTable(o, content)
	return nil
}

// plainHeader is the header of a table that was given none: signature, length,
// revision, checksum, the OEM's id, table and revision, the compiler's id and
// revision.
const plainHeader = "QEMU\x00\x00\x00\x00\x01\x00QEMUQEQEMUQEMU\x01\x00\x00\x00QEMU\x01\x00\x00\x00"

// addTable adds a table to those for fw_cfg, in QEMU's form: how many there are,
// and of each its length and bytes. What the option says goes into the header.
func (b *builder) addTable(o *opts, table []byte) {
	for _, f := range []struct {
		name     string
		at, size int
	}{
		{"sig", 0, 4}, {"rev", 8, 1}, {"oem_id", 10, 6}, {"oem_table_id", 16, 8}, {"oem_rev", 24, 4},
		{"asl_compiler_id", 28, 4}, {"asl_compiler_rev", 32, 4},
	} {
		text, ok := o.get(f.name)
		if !ok {
			continue
		}
		field := make([]byte, 8)
		if acpiMembers[f.name] == "uint64" {
			n, _ := strconv.ParseUint(text, 0, 64) // checked
			binary.LittleEndian.PutUint64(field, n)
		} else {
			copy(field, text)
		}
		copy(table[f.at:f.at+f.size], field)
	}
	binary.LittleEndian.PutUint32(table[4:], uint32(len(table)))
	table[9] = 0
	sum := byte(0)
	for _, v := range table {
		sum += v
	}
	table[9] = -sum
	all := b.m.Firmware.ACPITables
	if all == nil {
		all = make([]byte, 2)
	}
	binary.LittleEndian.PutUint16(all, binary.LittleEndian.Uint16(all)+1)
	b.m.Firmware.ACPITables = append(binary.LittleEndian.AppendUint16(all, uint16(len(table))), table...)
}
