package config

import "github.com/qomd/qomd/devices/catalog"

// OptionInfo tells what becomes of an option of the command line.
type OptionInfo struct {
	Name     string // without dash
	Argument bool   // takes one
	Effect   string // "" means that it does what it does in QEMU; "no effect: ..." or "refused: ..."
}

// OptionTable lists the options of the QEMU that a catalog describes, in the
// order of its help, and behind them qomd's own.
func OptionTable(cat *catalog.Catalog) []OptionInfo {
	var list []OptionInfo
	for _, known := range cat.Options() {
		info := OptionInfo{Name: known.Name, Argument: known.Argument, Effect: "refused: an unknown option"}
		if o := findOption(known.Name); o != nil {
			info.Effect = o.becomes()
		}
		list = append(list, info)
	}
	for _, o := range options {
		if o.own {
			list = append(list, OptionInfo{Name: o.name, Argument: o.arg, Effect: o.becomes()})
		}
	}
	return list
}

// Summary is what -help says: what the option is for, and what becomes of it.
func (o OptionInfo) Summary() string {
	about := optionWords[o.Name]
	switch {
	case o.Effect == "":
		return about
	case about == "":
		return o.Effect
	}
	return about + " (" + o.Effect + ")"
}

// becomes says what becomes of an option.
func (o *option) becomes() string {
	switch o.effect {
	case ignored:
		return "no effect: " + o.note
	case refused:
		return "refused: " + o.note
	}
	return o.note
}
