package qdev

import (
	"fmt"

	"github.com/qomd/qomd/qom"
)

// AudioPath is where a machine keeps its audio backends, by id.
const AudioPath = "/audiodevs"

// audioKind is the id of an audio backend, which has to be there.
var audioKind = kind{
	zero: "",
	parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		id, err := in.Str(p.Name)
		if err != nil {
			return nil, err
		}
		if all, _ := o.Tree().Resolve(AudioPath, ""); all == nil || all.Child(id) == nil {
			return nil, fmt.Errorf("audiodev '%s' not found", id)
		}
		return id, nil
	},
}
