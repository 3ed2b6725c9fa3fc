package config

import _ "embed" // for the default machine

//go:embed default.yaml
var defaultYAML []byte

// DefaultName stands for a file in messages about the default machine.
const DefaultName = "default.yaml"

// Default returns the description that is used without a file: one q35 with a
// USB controller, as in examples/default.yaml, with flags and environment
// applied as for a file.
func Default(flags Settings) (*Config, error) { return Parse(DefaultName, defaultYAML, flags) }

// DefaultYAML returns the text of the default description.
func DefaultYAML() []byte { return append([]byte(nil), defaultYAML...) }
