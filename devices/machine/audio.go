package machine

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/qomd/qomd/qmp/qjson"
)

// AddAudio makes a sound backend of checked settings, as query-audiodevs has them.
// Nothing plays and nothing is recorded; devices name it, and clients ask for its
// settings.
func (m *Machine) AddAudio(options *qjson.Object) error {
	v, _ := options.Get("id")
	id, _ := v.(string)
	driver, _ := options.Get("driver")
	if m.hasAudio(id) {
		return fmt.Errorf("attempt to add duplicate property '%s' to object (type 'container')", id)
	}
	for _, direction := range []string{"in", "out"} {
		if err := checkMixing(options, direction); err != nil {
			return err
		}
	}
	if err := m.makeAudio(id, fmt.Sprint(driver)); err != nil {
		return err
	}
	o := qjson.NewObject(qjson.Member{Name: "id", Value: id}, qjson.Member{Name: "timer-period", Value: int64(10000)})
	for _, direction := range []string{"in", "out"} {
		o.Set(direction, qjson.NewObject(
			qjson.Member{Name: "mixing-engine", Value: true}, qjson.Member{Name: "fixed-settings", Value: true},
			qjson.Member{Name: "frequency", Value: int64(44100)}, qjson.Member{Name: "channels", Value: int64(2)},
			qjson.Member{Name: "format", Value: "s16"}, qjson.Member{Name: "voices", Value: int64(1)}))
	}
	mergeAudio(o, options)
	for _, direction := range []string{"in", "out"} {
		settleMixing(o, options, direction)
	}
	m.audio = append(m.audio, o)
	return nil
}

// makeAudio makes the object of a sound backend. Versions before 11.1 have none.
func (m *Machine) makeAudio(id, driver string) error {
	types := m.env.Tree.Types
	if types.Class("audio-none") == nil {
		if !slices.Contains(audioDrivers, driver) {
			return fmt.Errorf("Parameter 'driver' does not accept value '%s'", driver)
		}
		return nil
	}
	if types.Class("audio-"+driver) == nil {
		return fmt.Errorf("Parameter 'driver' does not accept value '%s'", driver)
	}
	in, _ := m.env.Tree.Resolve("/audiodevs", "")
	_, err := m.env.Tree.NewChild(in, id, "audio-"+driver)
	return err
}

// audioDrivers are those of Debian's QEMU 7.2.
var audioDrivers = []string{"none", "alsa", "dbus", "jack", "oss", "pa", "sdl", "spice", "wav"}

// hasAudio reports whether there is a sound backend of that id.
func (m *Machine) hasAudio(id string) bool {
	return slices.ContainsFunc(m.audio, func(o *qjson.Object) bool { v, _ := o.Get("id"); return v == id })
}

// defaultAudio is the id of the backend that nobody described. Clients do not
// see its settings.
const defaultAudio = "#default"

// audioBackend finds the backend that is meant by id. The default one is made
// when it is wanted first.
func (m *Machine) audioBackend(id string) (string, error) {
	switch {
	case id == "" && m.env.Tree.Types.Class("audio-none") == nil: // there is always one
		return "", nil
	case id == "" && !m.opts.DefaultAudio:
		return "", errors.New("no default audio driver available")
	case id == "":
		id = defaultAudio
		if in, _ := m.env.Tree.Resolve("/audiodevs", ""); in.Child(id) == nil {
			return id, m.makeAudio(id, "none")
		}
	case !m.hasAudio(id):
		return "", fmt.Errorf("audiodev '%s' not found", id)
	}
	return id, nil
}

// settleMixing gives settings that were not given what they are without QEMU's
// own mixing.
func settleMixing(o, given *qjson.Object, direction string) {
	v, _ := o.Get(direction)
	settings := v.(*qjson.Object)
	if mixing, _ := settings.Get("mixing-engine"); mixing != false {
		return
	}
	v, _ = given.Get(direction)
	for name, value := range map[string]any{"fixed-settings": false, "voices": int64(math.MaxInt32)} {
		if g, ok := v.(*qjson.Object); !ok || !g.Has(name) {
			settings.Set(name, value)
		}
	}
}

// Audio lists the settings of the sound backends, in the order of their making.
func (m *Machine) Audio() []*qjson.Object { return m.audio }

// mergeAudio sets what was given.
func mergeAudio(o, given *qjson.Object) {
	for name, v := range given.All() {
		old, _ := o.Get(name)
		to, known := old.(*qjson.Object)
		if inner, nested := v.(*qjson.Object); nested && known {
			mergeAudio(to, inner)
			continue
		}
		o.Set(name, v)
	}
}

// checkMixing refuses settings of one direction that exclude each other.
func checkMixing(options *qjson.Object, direction string) error {
	v, _ := options.Get(direction)
	given, ok := v.(*qjson.Object)
	if !ok {
		return nil
	}
	if fixed, _ := given.Get("fixed-settings"); fixed != false {
		return nil
	}
	for _, name := range []string{"frequency", "channels", "format"} {
		if given.Has(name) {
			return errors.New("You can't use frequency, channels or format with fixed-settings=off")
		}
	}
	return nil
}
