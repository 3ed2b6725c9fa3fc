package migration

import (
	"bytes"
	"encoding/json"
	"io"
)

// SaveDevices returns the state of everything but memory, as a file that
// [ReadDevices] reads. The machine has to stand still.
func (m *Migration) SaveDevices() ([]byte, error) {
	content, err := m.state()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	writeMagic(&b) // into memory
	return appendRecord(appendRecord(b.Bytes(), recordState, content), recordEnd), nil
}

// Devices is what a file of [Migration.SaveDevices] tells.
type Devices struct{ sections []Section }

// ReadDevices reads such a file; it needs no lock.
func ReadDevices(file io.Reader) (Devices, error) {
	if err := readMagic(file); err != nil {
		return Devices{}, err
	}
	typ, content, err := readRecord(file)
	switch {
	case err != nil:
		return Devices{}, err
	case typ != recordState:
		return Devices{}, invalid("a record of type %q is out of place", typ)
	}
	var s state
	if err := json.Unmarshal(content, &s); err != nil {
		return Devices{}, invalid("state: %v", err)
	}
	return Devices{s.Sections}, nil
}

// LoadDevices gives everything but memory its state. The machine has to stand
// still, and to have the same devices as the one that was saved.
func (m *Migration) LoadDevices(d Devices) error {
	if err := m.host.Load(d.sections); err != nil {
		return invalid("%v", err)
	}
	m.host.Redo()
	return nil
}
