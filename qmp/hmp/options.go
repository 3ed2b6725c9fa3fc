package hmp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qmp/schema"
)

// implied are the keys of a first value without one, by the name of the options.
var implied = map[string]string{"device": "driver", "netdev": "type"}

// options are what device_add and netdev_add take on a line: QEMU's older key=value syntax.
type options struct {
	pairs    *qjson.Object   // values as text; of several with one key the last
	all      []schema.Option // in order, all of them
	help     bool            // one of them is "help" or "?"
	warnings []string        // of spellings that are going away
	problem  error           // why they cannot be used
}

// errIdentifier refuses an id that is none. QEMU prints it on its standard
// error, not at the monitor.
var errIdentifier = errors.New("Parameter 'id' expects an identifier")

// readOptions reads key=value pairs separated by commas; a comma in a value is
// written twice. The first may be a value alone, of the key implied. Of several with one key the
// last counts, except for the id. "key" alone is short for key=on, "nokey" for
// key=off.
func readOptions(text, implied string) *options {
	o := &options{pairs: qjson.NewObject()}
	for first := true; text != ""; first = false {
		end := strings.IndexAny(text, "=,")
		switch {
		case end >= 0 && text[end] == '=':
			key := text[:end]
			var value string
			value, text = upToComma(text[end+1:])
			o.set(key, value)
		case first:
			var value string
			value, text = upToComma(text)
			o.set(implied, value)
		default:
			var key string
			key, text = upToComma(text)
			o.short(key)
		}
	}
	if id, ok := o.pairs.Get("id"); ok && !qdev.ValidID(id.(string)) {
		o.problem = errIdentifier
	}
	return o
}

func (o *options) set(key, value string) {
	switch {
	case key == "help" || key == "?":
		o.help = true
	case key == "id" && o.pairs.Has("id"):
	default:
		o.pairs.Set(key, value)
		o.all = append(o.all, schema.Option{Name: key, Value: value})
	}
}

// short takes a key without a value.
func (o *options) short(key string) {
	if key == "help" || key == "?" {
		o.help = true
		return
	}
	name, value := key, "on"
	if rest, ok := strings.CutPrefix(key, "no"); ok {
		name, value = rest, "off"
	}
	o.warnings = append(o.warnings,
		fmt.Sprintf("short-form boolean option '%s' deprecated; use %s=%s instead", key, name, value))
	o.set(name, value)
}

// upToComma cuts a value off text: up to the first single comma, with doubled
// commas made single.
func upToComma(text string) (value, rest string) {
	var b strings.Builder
	for {
		i := strings.IndexByte(text, ',')
		if i < 0 {
			b.WriteString(text)
			return b.String(), ""
		}
		b.WriteString(text[:i])
		if !strings.HasPrefix(text[i:], ",,") {
			return b.String(), text[i+1:]
		}
		b.WriteByte(',')
		text = text[i+2:]
	}
}

// text returns a value, empty when the key was not given.
func (o *options) text(key string) string { return text(o.pairs, key) }

// taken reports whether an id is among the options of a name that the machine
// was given already. QEMU refuses such a line and tells nobody why.
func (h *Human) taken(name, id string) bool {
	return id != "" && name == "netdev" && h.m.Network.InOptions(id)
}
