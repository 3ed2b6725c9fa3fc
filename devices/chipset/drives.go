package chipset

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// drive is a disk, optical or floppy drive of a PC's own controllers. It takes
// its place and shows its settings; no guest reads from it.
type drive struct {
	qdev.Device
	model *driveModel
}

// driveModel is what they differ in.
type driveModel struct {
	what      string // in messages
	removable bool   // works without a medium
	ata       bool   // has a serial number and a version
}

var driveModels = map[string]*driveModel{
	"ide-cd": {what: "IDE", removable: true, ata: true}, "ide-hd": {what: "IDE", ata: true}, "ide-cf": {what: "IDE", ata: true},
	"floppy": {what: "floppy", removable: true},
}

const (
	sector   = 512
	noNumber = 0xffffffff // of a property that was not set
)

// Realize implements [qdev.Realizer].
func (d *drive) Realize() error {
	if err := d.takeUnit(); err != nil {
		return err
	}
	if d.model.removable {
		qdev.EmptyDrive(&d.Object)
	} else if qdev.BackendOf(&d.Object, "drive") == nil {
		return errors.New("No drive specified")
	}
	if err := d.settle(); err != nil {
		return err
	}
	return qdev.StartDrive(&d.Object, qdev.DriveUse{
		ReadOnly: d.TypeName() == "ide-cd", Writes: d.model.ata && !d.model.removable, Removable: d.model.removable, Plain: !d.model.ata,
	})
}

// takeUnit finds a free place on the bus, or takes the one that was asked for.
func (d *drive) takeUnit() error {
	taken := map[uint64]bool{}
	for _, other := range d.Bus().Devices() {
		if other != &d.Device && other.Realized() {
			taken[other.StoredUint("unit")] = true
		}
	}
	unit := d.StoredUint("unit")
	if unit == noNumber {
		for unit = 0; taken[unit]; unit++ {
		}
	}
	switch most := d.Bus().MaxDevices; {
	case unit >= uint64(most):
		return fmt.Errorf("Can't create %s unit %d, bus supports only %d units", d.model.what, unit, most)
	case taken[unit]:
		return fmt.Errorf("%s unit %d is in use", d.model.what, unit)
	}
	d.Store("unit", unit)
	return nil
}

// settle fills in what was left to the drive.
func (d *drive) settle() error {
	if err := d.SettleBlockSizes(); err != nil {
		return err
	}
	if !d.model.ata {
		if d.StoredString("drive-type") == "auto" {
			d.Store("drive-type", "288") // what the controller falls back to
		}
		return nil
	}
	if !d.model.removable {
		if err := d.settleGeometry(); err != nil {
			return err
		}
	}
	if d.StoredUint("discard_granularity") == noNumber {
		d.Store("discard_granularity", uint64(sector))
	}
	if d.StoredString("serial") == "" {
		d.Store("serial", d.serial())
	}
	if d.StoredString("ver") == "" {
		d.Store("ver", "2.5+")
	}
	return nil
}

// settleGeometry also says how a BIOS is to count cylinders.
func (d *drive) settleGeometry() error {
	disk := qdev.DiskOf(qdev.BackendOf(&d.Object, "drive"))
	if disk == nil {
		return nil
	}
	if err := d.SettleGeometry(disk.Size(), 16); err != nil {
		return err
	}
	if d.StoredString("bios-chs-trans") == "auto" {
		d.Store("bios-chs-trans", map[bool]string{true: "none", false: "lba"}[d.StoredUint("cyls") <= 1024])
	}
	return nil
}

// serial numbers the places for drives, two on each IDE bus of the machine.
func (d *drive) serial() string {
	_, number, _ := strings.Cut(d.Bus().BusName(), ".")
	bus, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		bus = 0 // a controller with a name of its own
	}
	return fmt.Sprintf("QM%05d", 2*bus+d.StoredUint("unit")+1)
}

func registerDrives(t *qom.Types) {
	for typ, m := range driveModels {
		t.Add(qom.TypeInfo{Name: typ, Parent: "device", New: func() qom.Instance { return &drive{model: m} }})
	}
}
