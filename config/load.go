package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/viper"
)

// Settings are single values that come from elsewhere than the file, by their
// keys: "log.level", or a member of a machine ("memory", "smp.cores"), which
// then holds for every machine.
type Settings map[string]string

// settable are the keys that the environment and flags can set. The variable
// of a key is QOMD_ and the key in capitals with '_' for '.' and '-'.
var settable = []string{
	"log.level", "log.format", "log.file",
	"type", "catalog", "accel", "cpu", "guest", "lifetime", "paused", "preconfig", "nodefaults", "nographic", "display", "vga",
	"memory.size", "memory.slots", "memory.max",
	"smp.cpus", "smp.sockets", "smp.dies", "smp.modules", "smp.cores", "smp.threads", "smp.maxcpus",
	"actions.reboot", "actions.shutdown", "actions.panic", "actions.watchdog",
}

// shorthands are variables for a whole where a part is meant.
var shorthands = map[string]string{"memory.size": "QOMD_MEMORY", "smp.cpus": "QOMD_SMP"}

// programs are variables that the programs read themselves.
var programs = map[string]bool{"QOMD_CONFIG": true}

// Variable returns the name of the environment variable for a key.
func Variable(key string) string {
	return "QOMD_" + strings.ToUpper(strings.NewReplacer(".", "_", "-", "_").Replace(key))
}

// Load reads a description from a file: YAML (.yaml, .yml), TOML (.toml), JSON
// (.json), or the format of -readconfig (.cfg, .conf, .ini). What flags say
// counts most, then the environment, the file, and the defaults.
//
// The error joins all mistakes, each as "FILE:LINE: KEY: reason".
func Load(path string, flags Settings) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, data, flags)
}

// Parse is Load for a description that is already in memory. The name of the
// file says the format and is used in messages.
func Parse(path string, data []byte, flags Settings) (*Config, error) {
	r := &reader{file: path}
	doc := &document{path: path}
	v := viper.NewWithOptions(viper.WithDecoderRegistry(doc))
	settings, err := layers(v, flags)
	if err != nil {
		return nil, err
	}
	if err := doc.load(v, data); err != nil {
		return nil, err
	}
	c := &Config{}
	r.log(v, doc.root, &c.Log)
	if doc.ini {
		r.readConfig(string(data), settings(), c)
	} else {
		r.machines(doc, settings, c)
	}
	if err := r.err(); err != nil {
		return nil, err
	}
	return c, nil
}

// layers puts flags and environment into viper and returns which keys of
// machines they set.
func layers(v *viper.Viper, flags Settings) (func() map[string]*node, error) {
	v.SetDefault("log.level", "info")
	v.SetDefault("log.format", "auto")
	known := map[string]bool{}
	for _, key := range settable {
		names := []string{key, Variable(key)}
		if short := shorthands[key]; short != "" {
			names = append(names, short)
		}
		if err := v.BindEnv(names...); err != nil {
			return nil, err
		}
		for _, name := range names[1:] {
			known[name] = true
		}
	}
	var errs []error
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "QOMD_") && !known[name] && !programs[name] {
			errs = append(errs, fmt.Errorf("environment: %s is not a setting", name))
		}
	}
	for key, value := range flags {
		if !contains(settable, key) {
			errs = append(errs, fmt.Errorf("%s is not a setting", key))
		}
		v.Set(key, value)
	}
	return func() map[string]*node { return overrides(v, flags) }, errors.Join(errs...)
}

// overrides returns the members of machines that are set outside of the file.
// A machine's members are not among what viper reads from the file, so that
// whatever it has for them comes from elsewhere.
func overrides(v *viper.Viper, flags Settings) map[string]*node {
	set := map[string]*node{}
	for _, key := range settable {
		if strings.HasPrefix(key, "log.") || !v.IsSet(key) {
			continue
		}
		n := &node{kind: anyNode, text: v.GetString(key), source: "--" + key}
		if _, ok := flags[key]; !ok {
			n.source = Variable(key)
			if short := shorthands[key]; short != "" && os.Getenv(n.source) == "" {
				n.source = short
			}
		}
		set[key] = n
	}
	return set
}

// maxCount bounds a fleet, so that a slip of the finger is not a million
// machines.
const maxCount = 100000

// machines reads the list of machines, with those that have a count expanded
// and what the environment and flags say put over each.
func (r *reader) machines(doc *document, settings func() map[string]*node, c *Config) {
	for i, name := range doc.root.keys {
		if name != "machines" && name != "log" {
			r.fail(&node{line: doc.root.lines[i]}, name, "unknown key")
		}
	}
	list := doc.root.get("machines")
	if list == nil || list.kind == listNode && len(list.items) == 0 {
		r.fail(doc.root, "machines", "no machine is described")
		return
	}
	over := settings()
	r.list(list, "machines", func(n *node, key string) {
		count := uint64(1)
		if v := n.get("count"); v != nil {
			r.number(v, key+".count", &count)
			if count < 1 || count > maxCount {
				r.fail(v, key+".count", "must be between 1 and %d", maxCount)
				return
			}
		}
		before := len(r.errs)
		for i := uint64(1); i <= count && len(r.errs) == before; i++ {
			if m, ok := r.machine(instance(n, i, over), key); ok {
				c.Machines = append(c.Machines, *m)
			}
		}
	})
}
