package qdev

import (
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/qom"
)

var boolKind = kind{
	zero: false,
	parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		v, err := in.Bool(p.Name)
		return v, err
	},
}

// bits is the width a type name tells: 64 unless it has a number.
func bits(typ string) uint {
	switch strings.TrimSuffix(strings.TrimLeft(typ, "uint"), "_t") {
	case "8":
		return 8
	case "16":
		return 16
	case "32":
		return 32
	}
	return 64
}

func uintKind(typ string) kind {
	width := bits(typ)
	return kind{
		zero: uint64(0),
		parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			if width == 64 {
				v, err := in.Uint64(p.Name)
				return v, err
			}
			v, err := in.Uint(p.Name, width)
			return v, err
		},
	}
}

func intKind(typ string) kind {
	width := bits(typ)
	return kind{
		zero: int64(0),
		parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			if width == 64 {
				v, err := in.Int64(p.Name)
				return v, err
			}
			v, err := in.Int(p.Name, width)
			return v, err
		},
	}
}

// stringKind tells what kind hides behind a type "str".
func stringKind(f catalog.Property) kind {
	if f.Device && f.Type == "str" {
		switch {
		case isMAC(f.Name):
			return macKind
		case f.Name == "audiodev":
			return audioKind
		case f.Name == "uuid", f.Name == "guid":
			return uuidKind
		case f.Name == "nguid":
			return nguidKind
		case backendOf(f.Name) != nil:
			return backendKind(f.Name)
		}
	}
	return kind{
		zero: "",
		parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			v, err := in.Str(p.Name)
			return v, err
		},
	}
}

func enumKind(typ string, values []string) kind {
	return kind{
		zero: values[0],
		parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
			return ParseEnum(p.Name, typ, in)
		},
	}
}

// ParseEnum reads a value of one of QEMU's enumerations.
func ParseEnum(name, typ string, in qom.Input) (string, error) {
	v, err := in.Str(name)
	if err != nil {
		return "", err
	}
	for _, known := range EnumValues(typ) {
		if v == known {
			return v, nil
		}
	}
	return "", fmt.Errorf("Parameter '%s' does not accept value '%s'", name, v)
}

var listKind = kind{
	zero: []any{},
	parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		if v, ok := in.Raw().([]any); ok {
			return v, nil
		}
		return nil, fmt.Errorf("Invalid parameter type for '%s', expected: array", p.Name)
	},
}

// anyKind keeps structured values as they come.
func anyKind() kind {
	return kind{parse: func(_ *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		switch v := in.Raw().(type) {
		case nil, bool, string, int64, uint64, float64, []any:
			return nil, fmt.Errorf("Invalid parameter type for '%s', expected: object", p.Name)
		default:
			return v, nil
		}
	}}
}
