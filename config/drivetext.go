package config

import (
	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qmp/qjson"
)

// DriveText is a drive as the human monitor's drive_add takes it.
type DriveText struct {
	ID       string
	Options  *qjson.Object // never nil
	Warnings []string
}

// ParseDrive reads options in the syntax of -drive, as the QEMU of a catalog
// knows them.
func ParseDrive(cat *catalog.Catalog, text string) (DriveText, error) {
	o, _, warnings, err := newGroups(cat)["drive"].parse(text, Origin{})
	if err != nil {
		return DriveText{}, err
	}
	d := DriveText{ID: o.id, Options: o.object(), Warnings: warnings}
	if d.Options == nil {
		d.Options = qjson.NewObject()
	}
	return d, nil
}
