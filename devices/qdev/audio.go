package qdev

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qom"
)

// audioKind is the id of a sound backend, which has to be there.
var audioKind = kind{
	zero: "",
	parse: func(o *qom.Object, p *qom.Property, in qom.Input) (any, error) {
		id, err := in.Str(p.Name)
		if err != nil {
			return nil, err
		}
		return EnvOf(o).audio(id)
	},
}

// audio returns the id of the sound backend that is meant by id; empty is the
// default one, if there is one.
func (env *Env) audio(id string) (string, error) {
	switch {
	case env.Audio != nil:
		return env.Audio(id)
	case id == "":
		return "", errors.New("no default audio driver available")
	}
	return "", fmt.Errorf("audiodev '%s' not found", id)
}

// DemandAudio gives a sound card that names no backend the default one, and
// refuses it where there is none.
func DemandAudio(o *qom.Object) error {
	if id, _ := o.Get("audiodev"); id != "" {
		return nil
	}
	id, err := EnvOf(o).audio("")
	if err == nil {
		o.Store("audiodev", id)
	}
	return err
}
