package migration

import (
	"encoding/json"
	"errors"
	"io"
	"math"
)

// Write writes a machine that stands still as a stream, for a snapshot. do runs
// a function under the machine's lock.
func (m *Migration) Write(w io.Writer, do func(func())) error {
	var memory *walk
	var content []byte
	var err error
	do(func() {
		memory = newWalk(m.host.Blocks())
		content, err = json.Marshal(m.header(memory))
	})
	if err != nil {
		return err
	}
	if err := writeMagic(w); err != nil {
		return err
	}
	if _, err := w.Write(appendRecord(nil, recordHeader, content)); err != nil {
		return err
	}
	for done := false; !done; {
		var out []byte
		do(func() { out, _, done = memory.next(math.MaxUint64-1, new(figures)) })
		if _, err := w.Write(out); err != nil {
			return err
		}
	}
	do(func() { content, err = m.state() })
	if err != nil {
		return err
	}
	_, err = w.Write(appendRecord(appendRecord(nil, recordState, content), recordEnd))
	return err
}

// Read makes a machine that stands still what it was when [Migration.Write]
// wrote the stream. do runs a function under the machine's lock.
func (m *Migration) Read(r io.Reader, do func(func())) error {
	in := &incoming{m: m, status: Active, do: do, channel: &conn{Reader: r}}
	err := in.load()
	var e *loadError
	if errors.As(err, &e) {
		return errors.New(e.text)
	}
	return err
}
