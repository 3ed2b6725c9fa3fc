package config

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/viper"
)

// document is a viper decoder that keeps the tree of the document beside what
// viper gets to see: viper lower-cases keys, forgets their order and reads
// 1.10 as 1.1, so the machines do not pass through it.
type document struct {
	path string
	root *node
	ini  bool // the format of -readconfig, which viper does not see at all
}

// load has viper read data, which calls Decode.
func (d *document) load(v *viper.Viper, data []byte) error {
	format := strings.ToLower(strings.TrimPrefix(filepath.Ext(d.path), "."))
	switch format {
	case "yaml", "yml", "toml", "json":
		v.SetConfigType(format)
		err := v.ReadConfig(bytes.NewReader(data))
		// viper puts words of its own in front of the decoder's error.
		var l *located
		if errors.As(err, &l) {
			return l
		}
		return err
	case "cfg", "conf", "ini":
		d.ini, d.root = true, &node{kind: mapNode}
		return nil
	}
	return fmt.Errorf("%s: the name of the file must say its format: .yaml, .toml, .json or .cfg", d.path)
}

// Decoder makes the document its own decoder for every format.
func (d *document) Decoder(format string) (viper.Decoder, error) {
	parse := map[string]func([]byte) (*node, error){
		"yaml": parseYAML, "yml": parseYAML, "toml": parseTOML, "json": parseJSONFile,
	}[format]
	return decoder(func(data []byte, values map[string]any) error {
		root, err := parse(data)
		if err != nil {
			return d.place(err)
		}
		if root.kind != mapNode {
			return at(Origin{File: d.path, Line: root.line}, fmt.Errorf("expected a map, found %s", kindNames[root.kind]))
		}
		d.root = root
		if log := root.get("log"); log != nil && log.kind == mapNode {
			section := map[string]any{}
			for i, key := range log.keys {
				section[key] = log.items[i].text
			}
			values["log"] = section
		}
		return nil
	}), nil
}

// decoder is a function that is a viper.Decoder.
type decoder func([]byte, map[string]any) error

// Decode fills values from data.
func (d decoder) Decode(data []byte, values map[string]any) error { return d(data, values) }

// lineNumber is how the decoders name the place of a mistake.
var lineNumber = pattern(`^(?:yaml: )?line ([0-9]+): `)

// place takes the line of a mistake out of a decoder's message.
func (d *document) place(err error) error {
	o := Origin{File: d.path}
	text := err.Error()
	if m := lineNumber().FindStringSubmatch(text); m != nil {
		o.Line, _ = strconv.Atoi(m[1])
		text = text[len(m[0]):]
	}
	return at(o, errors.New(text))
}
