package config

import (
	"strconv"

	"github.com/qomd/qomd/qmp/qjson"
)

// Device is one device of a machine.
type Device struct {
	Driver string
	// ID is empty for a device nobody has named.
	ID string
	// Bus is where it plugs in; empty lets the machine find a place, except
	// for a child, which then goes to the first bus of its parent.
	Bus string
	// Options are the properties without driver, id and bus, in the order
	// given: text, or typed values if FromJSON is set.
	Options *qjson.Object
	// FromJSON means that Options must be read strictly.
	FromJSON bool
	// Devices are plugged in after this one and on it.
	Devices []Device
	Origin  Origin
}

// Object is one object made with -object.
type Object struct {
	Type     string // qom-type
	ID       string
	Options  *qjson.Object // without qom-type and id
	FromJSON bool          // typed values, see Device
	Origin   Origin
}

// Global is a default for a property of a type.
type Global struct {
	Driver, Property, Value string
	Origin                  Origin
}

// Option is an option whose members are kept as they are.
type Option struct {
	Name     string        // of the option, without dash: "netdev"
	ID       string        // empty if it has none
	Options  *qjson.Object // the rest, in order
	FromJSON bool          // typed values, see Device
	Origin   Origin
}

// Origin says where something was written, for error messages.
type Origin struct {
	File   string // a configuration file, or empty
	Line   int    // counted from one; 0 if unknown
	Key    string // the place in the file: machines[0].devices[3].driver
	Option string // the command line option with its argument, as written
}

// String returns what stands in front of an error message: "FILE:LINE: KEY",
// or the option as it was written, or nothing.
func (o Origin) String() string {
	if o.File == "" {
		if o.Option != "" {
			return o.Option
		}
		return o.Key
	}
	s := o.File
	if o.Line > 0 {
		s += ":" + strconv.Itoa(o.Line)
	}
	if o.Key != "" {
		s += ": " + o.Key
	}
	return s
}
