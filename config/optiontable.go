package config

// OptionInfo tells what becomes of an option of QEMU's command line.
type OptionInfo struct {
	Name     string // without dash
	Argument bool   // takes one
	Effect   string // "applies", "no effect: ..." or "refused: ..."
}

// OptionTable lists every option of the command line, in QEMU's order.
func OptionTable() []OptionInfo {
	list := make([]OptionInfo, 0, len(options))
	for _, o := range options {
		info := OptionInfo{Name: o.name, Argument: o.arg, Effect: "applies"}
		switch o.effect {
		case ignored:
			info.Effect = "no effect: " + o.note
		case refused:
			info.Effect = "refused: " + o.note
		}
		list = append(list, info)
	}
	return list
}
