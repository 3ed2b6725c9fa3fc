package machine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/qomd/qomd/devices/object"
)

// Wave is a file that a sound backend's output is recorded in. No sound card here
// plays, so that it has no samples.
type Wave struct {
	Path      string
	Frequency int32 // Hz
	Bits      int32 // of a sample, 8 or 16
	Channels  int32 // 1 or 2
}

// RecordSound begins to record what a sound backend puts out. Its errors tell, a
// line each, what is wrong and what came of that.
func (m *Machine) RecordSound(w Wave, backend string) error {
	if !m.hasAudio(backend) && !m.silentByDefault(backend) {
		return fmt.Errorf("audiodev '%s' not found", backend)
	}
	wrong := func(lines ...string) error {
		return errors.New(strings.Join(append(lines, "Failed to add wave capture"), "\n"))
	}
	switch {
	case w.Bits != 8 && w.Bits != 16:
		return wrong(fmt.Sprintf("incorrect bit count %d, must be 8 or 16", w.Bits))
	case w.Channels != 1 && w.Channels != 2:
		return wrong(fmt.Sprintf("incorrect channel count %d, must be 1 or 2", w.Channels))
	}
	if err := os.WriteFile(w.Path, w.header(), 0o666); err != nil {
		return wrong(fmt.Sprintf("Failed to open wave file `%s': %s", w.Path, object.Strerror(err)))
	}
	if w.Frequency <= 0 {
		sample := map[int32]string{8: "u8", 16: "s16"}[w.Bits]
		return wrong(fmt.Sprintf("audio: Invalid audio settings when trying to add capture: frequency=%d nchannels=%d fmt=%s endian=little",
			w.Frequency, w.Channels, sample), "Failed to add audio capture")
	}
	m.waves = slices.Insert(m.waves, 0, w)
	return nil
}

// silentByDefault reports whether id is that of the backend that nobody described,
// and a card has made it.
func (m *Machine) silentByDefault(id string) bool {
	in := m.root("audiodevs")
	return id == defaultAudio && in != nil && in.Child(id) != nil
}

// Recordings lists the recordings of sound, the newest first.
func (m *Machine) Recordings() []Wave { return m.waves }

// StopRecording ends the recording at a place in the list, if there is one.
func (m *Machine) StopRecording(n int) {
	if n < len(m.waves) {
		m.waves = slices.Delete(m.waves, n, n+1)
	}
}

// header is a RIFF file without samples.
func (w Wave) header() []byte {
	const length = 44
	frame := uint32(w.Channels * w.Bits / 8)
	le := binary.LittleEndian
	b := append(make([]byte, 0, length), "RIFF"...)
	b = le.AppendUint32(b, length-8)
	b = append(b, "WAVEfmt "...)
	b = le.AppendUint32(b, 16) // bytes of the format
	b = le.AppendUint16(b, 1)  // PCM
	b = le.AppendUint16(b, uint16(w.Channels))
	b = le.AppendUint32(b, uint32(w.Frequency))
	b = le.AppendUint32(b, uint32(w.Frequency)*frame) // bytes per second
	b = le.AppendUint16(b, uint16(frame))
	b = le.AppendUint16(b, uint16(w.Bits))
	b = append(b, "data"...)
	return le.AppendUint32(b, 0)
}
