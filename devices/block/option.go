package block

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qmp/qjson"
	"github.com/qomd/qomd/qom"
)

var errNoNodeName = errors.New("'node-name' must be specified for the root node")

// text returns an option that is a string.
func text(o *qjson.Object, key string) (string, bool) {
	v, ok := o.Get(key)
	s, isText := v.(string)
	return s, ok && isText
}

// boolean returns an option that is on or off; def when it is absent.
func boolean(o *qjson.Object, key string, def bool) (bool, error) { return booleanIn(o, "", key, def) }

// booleanIn is boolean for an option in an object of that name.
func booleanIn(o *qjson.Object, parent, key string, def bool) (bool, error) {
	switch v, _ := o.Get(key); v := v.(type) {
	case nil:
		return def, nil
	case bool:
		return v, nil
	case string:
		switch v {
		case "on", "yes", "true", "y":
			return true, nil
		case "off", "no", "false", "n":
			return false, nil
		}
	}
	if parent != "" {
		key = parent + "." + key
	}
	return def, fmt.Errorf("Parameter '%s' expects 'on' or 'off'", key)
}

// size returns an option that is a number of bytes, as a number or as text
// with QEMU's suffixes; ok is false when it is absent.
func size(o *qjson.Object, key string) (n int64, ok bool, err error) {
	v, ok := o.Get(key)
	if !ok {
		return 0, false, nil
	}
	if n, isInt := qjson.Int(v); isInt {
		if n < 0 {
			return 0, true, fmt.Errorf("Value '%d' is out of range for parameter '%s'", n, key)
		}
		return n, true, nil
	}
	if s, isText := v.(string); isText {
		if strings.HasPrefix(s, "-") {
			return 0, true, fmt.Errorf("Value '%s' is out of range for parameter '%s'", s, key)
		}
		if n, err := parseSize(s); err == nil {
			return n, true, nil
		}
	}
	return 0, true, qom.NotASize(key)
}

// parseSize reads "1M" and the like; without a suffix the number is of bytes.
func parseSize(s string) (int64, error) {
	shift := 0
	if i := strings.IndexByte("bkmgtpe", lower(s)); i >= 0 && s != "" {
		shift, s = 10*i, s[:len(s)-1]
	}
	if n, err := strconv.ParseInt(s, 0, 64); err == nil {
		if n < 0 || n > (1<<63-1)>>shift {
			return 0, strconv.ErrRange
		}
		return n << shift, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || f < 0 || f*float64(int64(1)<<shift) >= 1<<63 {
		return 0, strconv.ErrSyntax
	}
	return int64(f * float64(int64(1)<<shift)), nil
}

// lower returns the last byte of s in lower case, 0 when there is none.
func lower(s string) byte {
	if s == "" {
		return 0
	}
	return s[len(s)-1] | 0x20
}

// unflatten turns members with dots in their names into nested objects, as
// options on a command line are written.
func unflatten(o *qjson.Object) *qjson.Object {
	out := qjson.NewObject()
	for name, v := range o.All() {
		to := out
		for {
			first, rest, dotted := strings.Cut(name, ".")
			if !dotted {
				break
			}
			inner, _ := to.Get(first)
			sub, ok := inner.(*qjson.Object)
			if !ok {
				sub = qjson.NewObject()
				to.Set(first, sub)
			}
			to, name = sub, rest
		}
		to.Set(name, v)
	}
	return out
}

// common are the options that every driver takes.
var common = map[string]bool{
	"driver": true, "node-name": true, "read-only": true, "auto-read-only": true, "cache": true, "discard": true,
	"detect-zeroes": true, "force-share": true, "active": true,
}

// checkName refuses names that nodes cannot have.
func (g *Graph) checkName(name string) error {
	switch {
	case !qdev.ValidID(name):
		return fmt.Errorf("Invalid node-name: '%s'", name)
	case g.BackendOf(name) != nil:
		return fmt.Errorf("node-name=%s is conflicting with a device id", name)
	case g.Node(name) != nil:
		return fmt.Errorf("Duplicate nodes with node-name='%s'", name)
	case len(name) > 31:
		return errors.New("Node name too long")
	}
	return nil
}

// nextName makes a name for a node that was given none.
func (g *Graph) nextName() string {
	for {
		name := fmt.Sprintf("#block%d%02d", g.numbered, (g.numbered*37+11)%100)
		g.numbered++
		if g.Node(name) == nil {
			return name
		}
	}
}
