package block

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// Names of files as users give them: a path, a name with a protocol in front, or
// options as JSON behind "json:". They are completed to the options of nodes in the
// order of QEMU's bdrv_open, which decides the error that is told.

// openNamed opens a node by the name of a file and options; either may say it all.
func (g *Graph) openNamed(file string, o *qjson.Object, in inherited) (*Node, error) {
	opts, probed, err := g.fileOptions(file, o)
	if err != nil {
		return nil, err
	}
	in.probed = probed
	return g.open(opts, in)
}

// fileOptions completes options by the name of a file. probed reports that the
// format was found by looking into the file.
func (g *Graph) fileOptions(file string, o *qjson.Object) (opts *qjson.Object, probed bool, err error) {
	opts = o.Clone()
	if rest, ok := strings.CutPrefix(file, "json:"); ok {
		given, err := parseJSONName(rest)
		if err != nil {
			return nil, false, err
		}
		for k, v := range given.All() {
			if !opts.Has(k) {
				opts.Set(k, v)
			}
		}
		file = ""
	}
	driver, given := text(opts, "driver")
	switch d := driverOf(driver); {
	case given && d == nil:
		return opts, false, nil // opening it tells that there is no such driver
	case given && d.protocol:
		return opts, false, nameProtocol(opts, file)
	}
	if given && driverOf(driver).needs == "image" && file != "" {
		return opts, false, nameProtocol(opts, file)
	}
	v, _ := opts.Get("file")
	child, nested := v.(*qjson.Object)
	if !nested && v == nil && file != "" {
		child, nested = qjson.NewObject(), true
	}
	if nested {
		if child, err = g.childOptions(file, child); err != nil {
			return nil, false, err
		}
		opts.Set("file", child)
	}
	if given || !nested {
		return opts, false, nil
	}
	if driver, err = g.probe(child); err != nil {
		return nil, false, err
	}
	opts.Set("driver", driver)
	return opts, true, nil
}

// childOptions completes the options of the node that a format lies in. Unless they
// name a format themselves it is a protocol, the one that the name says.
func (g *Graph) childOptions(file string, o *qjson.Object) (*qjson.Object, error) {
	if _, given := text(o, "driver"); given {
		opts, _, err := g.fileOptions(file, o)
		return opts, err
	}
	name, named := text(o, "filename")
	if file == "" && !named {
		return o, nil // opening it tells that nothing says what it is
	}
	driver, err := protocolOf(file, name)
	if err != nil {
		return nil, err
	}
	opts := o.Clone()
	opts.Set("driver", driver)
	return opts, nameProtocol(opts, file)
}

// parseJSONName reads the options behind "json:".
func parseJSONName(s string) (*qjson.Object, error) {
	v, err := qjson.Parse([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("Could not parse the JSON options: %w", err)
	}
	o, ok := v.(*qjson.Object)
	if !ok {
		return nil, errors.New("Invalid JSON object given")
	}
	return unflatten(o), nil
}

// protocols are the drivers of the words in front of names.
var protocols = map[string]string{
	"file": "file", "host_device": "host_device", "null-co": "null-co", "null-aio": "null-aio",
	"nbd": "nbd", "nbd+tcp": "nbd", "nbd+unix": "nbd", "blkdebug": "blkdebug",
}

// protocolOf chooses the driver for the name of a file. One that stands among the
// options is a path, whatever it looks like.
func protocolOf(file, option string) (string, error) {
	path := file
	if file == "" {
		path = option
	}
	if isDevice(path) {
		return "host_device", nil
	}
	word, ok := prefixOf(file)
	if !ok {
		return "file", nil
	}
	driver, ok := protocols[word]
	if !ok {
		return "", fmt.Errorf("Unknown protocol '%s'", word)
	}
	return driver, nil
}

// prefixOf returns the protocol in front of a name.
func prefixOf(name string) (string, bool) {
	i := strings.IndexAny(name, ":/")
	if i < 0 || name[i] != ':' {
		return "", false
	}
	return name[:i], true
}

// nameProtocol puts a name among the options of a protocol, as those that it
// stands for.
func nameProtocol(o *qjson.Object, file string) error {
	if file == "" {
		return nil
	}
	if o.Has("filename") {
		return errors.New("Can't specify 'file' and 'filename' options at the same time")
	}
	driver, _ := text(o, "driver")
	switch driver {
	case "null-co", "null-aio":
		if file != driver+"://" {
			return fmt.Errorf("The only allowed filename for this driver is '%s://'", driver)
		}
	case "nbd":
		return nameNBD(o, file)
	case "blkdebug":
		return nameDebug(o, file)
	default:
		o.Set("filename", strings.TrimPrefix(file, driver+":"))
	}
	return nil
}

// nameDebug reads "blkdebug:CONFIG:IMAGE"; a name of another kind is the image's.
func nameDebug(o *qjson.Object, file string) error {
	image := file
	if rest, ok := strings.CutPrefix(file, "blkdebug:"); ok {
		config, name, both := strings.Cut(rest, ":")
		if !both {
			return errors.New("blkdebug requires both config file and image path")
		}
		if config != "" {
			o.Set("config", config)
		}
		image = name
	}
	driver, err := protocolOf(image, "")
	if err != nil {
		return err
	}
	child := qjson.NewObject(qjson.Member{Name: "driver", Value: driver})
	o.Set("image", child)
	return nameProtocol(child, image)
}

// unknownOption names an option that a driver does not know, as it was written: with
// the names of the objects it lies in.
func unknownOption(key string, v any) string {
	for {
		o, ok := v.(*qjson.Object)
		if !ok || o.Len() == 0 {
			return key
		}
		for inner, value := range o.All() {
			key, v = key+"."+inner, value
			break
		}
	}
}

// ofMedium reports whether options say what a drive's medium is. Those that any
// node has do not.
func ofMedium(o *qjson.Object) bool {
	plain := []string{"read-only", "auto-read-only", "discard", "detect-zeroes", "cache", "force-share"}
	for key := range o.All() {
		if !slices.Contains(plain, key) {
			return true
		}
	}
	return false
}
