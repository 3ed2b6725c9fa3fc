package qdev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// audioKind is the id of an audio backend, which has to be there.
var audioKind = kind{
	zero: "",
	parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		id, err := in.Str(p.Name)
		if err != nil {
			return nil, err
		}
		if has := EnvOf(o).HasAudio; has == nil || !has(id) {
			return nil, fmt.Errorf("audiodev '%s' not found", id)
		}
		return id, nil
	},
}
