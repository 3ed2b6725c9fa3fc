package commands

import (
	"github.com/qomd/qomd/devices/block"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// BlockdevArguments checks the members of a -blockdev against the schema of
// blockdev-add, and gives those that are text their types. The answer is in
// the order in which they were given.
func BlockdevArguments(s *schema.Schema, o *qjson.Object, text bool) (*qjson.Object, error) {
	if text {
		var err error
		if o, err = block.Typed(o); err != nil {
			return nil, err
		}
	}
	return o, s.CheckArguments("blockdev-add", o)
}
