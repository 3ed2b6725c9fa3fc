package hmp

import (
	"errors"
	"fmt"

	"github.com/qomd/qomd/qmp/qjson"
)

// readJSON reads the one JSON value that text is to be, with QEMU's words for
// what is not.
func readJSON(text string) (any, error) {
	var values []any
	var first error
	p := qjson.NewParser()
	p.Feed([]byte(text+"\n"), func(v any, err error) {
		if err != nil && len(values) == 0 && first == nil {
			first = err
			return
		}
		values = append(values, v)
	})
	switch {
	case first != nil:
		return nil, first
	case len(values) > 1 || len(values) == 1 && !p.Idle():
		return nil, errors.New("Expecting at most one JSON value")
	case len(values) == 0:
		return nil, fmt.Errorf("1:%d: JSON parse error, premature end of input", len(text)+1)
	}
	return values[0], nil
}
