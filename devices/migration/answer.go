package migration

import (
	"encoding/json"
	"errors"
	"io"
)

// A refusal is what a destination says when it could not take the stream.
type refusal struct{ text string }

func (r *refusal) Error() string { return "the destination says: " + r.text }

// errNoAnswer says that the destination went away without a word.
var errNoAnswer = errors.New("Unable to write to socket: the destination closed the connection before it confirmed the end")

// readAnswer reads the destination's word.
func readAnswer(r io.Reader) error {
	typ, content, err := readRecord(r)
	if err != nil {
		return errNoAnswer
	}
	var a answer
	switch {
	case typ != recordAnswer, json.Unmarshal(content, &a) != nil:
		return errors.New("the destination answers with something else")
	case a.Error != "":
		return &refusal{a.Error}
	}
	return nil
}

// sendAnswer gives the source its answer; err is nil when all went well.
func sendAnswer(w io.Writer, err error) error {
	var a answer
	if err != nil {
		a.Error = err.Error()
	}
	content, merr := json.Marshal(a)
	if merr != nil {
		return merr
	}
	_, werr := w.Write(appendRecord(nil, recordAnswer, content))
	return werr
}

func encodeState(s state) ([]byte, error) { return json.Marshal(s) }
