package config

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/qomd/qomd/qmp/qjson"
)

// The longest line and word of a -readconfig file that QEMU looks at, in
// bytes. What is longer is cut.
const (
	maxLine  = 1023
	maxWord  = 63
	maxValue = 1023
)

// ReadConfig reads one machine from a file in the format of QEMU's option
// -readconfig. It is what ParseArgs makes of "-readconfig FILE" alone.
func ReadConfig(prog, file string) (*Machine, error) {
	return ParseArgs(prog, []string{"-readconfig", file})
}

func (b *builder) readConfigOption(a argument) error {
	data, err := os.ReadFile(a.value)
	if err != nil {
		return openError(a.value, err)
	}
	return b.readConfig(a.value, string(data))
}

// openError words a failure to read a file as QEMU does.
func openError(file string, err error) error {
	var p *os.PathError
	if !errors.As(err, &p) {
		return err
	}
	reason := p.Err.Error()
	if reason != "" {
		reason = strings.ToUpper(reason[:1]) + reason[1:]
	}
	if p.Op == "read" {
		return fmt.Errorf("Cannot read config file: %s", reason)
	}
	return fmt.Errorf("Could not open '%s': %s", file, reason)
}

// section is the part of a file that is being read.
type section struct {
	group  string
	opts   *opts         // of an option group
	values *qjson.Object // of what is not an option group any more
	origin Origin
}

// notGroups are sections that become trees of texts, as their options do.
var notGroups = map[string]bool{"object": true, "audiodev": true, "machine": true, "smp-opts": true, "boot-opts": true}

// readConfig adds what a file says. Lines are "[GROUP]", "[GROUP "ID"]" and
// "NAME = "VALUE""; those that begin with '#' are comments. QEMU's reader is
// forgiving: it takes no notice of what follows a closing quote or bracket,
// and takes a value that is not in quotes for an empty one.
func (b *builder) readConfig(file, data string) error {
	var current *section
	for number := 1; data != ""; number++ {
		var line string
		line, data = cutLine(data)
		switch {
		case line[0] == '\n' || line[0] == '#':
			continue
		case line[0] == '[':
			group, id, ok := sectionHead(line)
			if ok {
				if err := b.endSection(current); err != nil {
					return err
				}
				s, err := b.beginSection(group, id)
				if err != nil {
					return err
				}
				current = s
				continue
			}
		}
		name, value, ok := assignment(line)
		if !ok {
			return errors.New("parse error")
		}
		if current == nil {
			return errors.New("no group defined")
		}
		if err := b.assign(current, name, value); err != nil {
			return err
		}
		current.origin = Origin{File: file, Line: number}
		if current.opts != nil {
			current.opts.origin = current.origin
		}
	}
	return b.endSection(current)
}

// cutLine cuts off one line with its end.
func cutLine(data string) (line, rest string) {
	n := strings.IndexByte(data, '\n') + 1
	if n == 0 {
		n = len(data)
	}
	n = min(n, maxLine)
	return data[:n], data[n:]
}

const blanks = " \t\n\v\f\r"

// word cuts the next word off s, at most maxWord bytes.
func word(s string) (w, rest string) {
	n := strings.IndexAny(s, blanks)
	if n < 0 {
		n = len(s)
	}
	n = min(n, maxWord)
	return s[:n], s[n:]
}

// sectionHead reads "[GROUP "ID"]" or "[GROUP]".
func sectionHead(line string) (group, id string, ok bool) {
	group, rest := word(line[1:])
	if quoted, ok := strings.CutPrefix(strings.TrimLeft(rest, blanks), `"`); ok && group != "" {
		id, _, _ = strings.Cut(quoted, `"`)
		if id != "" {
			return group, id[:min(len(id), maxWord)], true
		}
	}
	group, _, _ = strings.Cut(line[1:], "]")
	return group[:min(len(group), maxWord)], "", group != ""
}

// assignment reads "NAME = "VALUE"".
func assignment(line string) (name, value string, ok bool) {
	name, rest := word(strings.TrimLeft(line, blanks))
	if name == "" {
		return "", "", false
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, blanks), "=")
	if !ok {
		return name, "", true
	}
	rest, ok = strings.CutPrefix(strings.TrimLeft(rest, blanks), `"`)
	if !ok {
		return name, "", true
	}
	value, _, _ = strings.Cut(rest, `"`)
	return name, value[:min(len(value), maxValue)], true
}

func (b *builder) beginSection(group, id string) (*section, error) {
	s := &section{group: group}
	g := b.groups[group]
	if g == nil {
		return nil, fmt.Errorf("There is no option group '%s'", group)
	}
	switch group {
	case "mon":
		b.noMonitor = true
	case "nic", "net":
		b.m.NoNetwork = true
	}
	if notGroups[group] {
		s.values = qjson.NewObject()
		if id != "" {
			s.values.Set("id", id)
		}
		return s, nil
	}
	o, err := g.use(id, id != "")
	s.opts = o
	return s, err
}

func (b *builder) assign(s *section, name, value string) error {
	if s.opts == nil {
		return setDotted(s.values, name, value)
	}
	if name == "id" && s.opts.id == "" {
		if err := checkID(value); err != nil {
			return err
		}
		s.opts.id = value
		return nil
	}
	if name == "id" {
		return nil // the first one counts, as in QEMU
	}
	return b.groups[s.group].set(s.opts, name, value)
}

// endSection takes over a section that is a tree.
func (b *builder) endSection(s *section) error {
	if s == nil || s.values == nil {
		return nil
	}
	listed, err := listify(s.values, "")
	if err != nil {
		return err
	}
	values, ok := listed.(*qjson.Object)
	if !ok {
		return errors.New("Parameters '*' used inconsistently")
	}
	switch s.group {
	case "machine":
		b.m.Origin = s.origin
		return merge(b.machine, values)
	case "smp-opts", "boot-opts":
		member := strings.TrimSuffix(s.group, "-opts")
		return merge(b.machine, qjson.NewObject(qjson.Member{Name: member, Value: values}))
	case "audiodev":
		b.m.Audiodevs = append(b.m.Audiodevs, newOption("audiodev", "id", values, false, s.origin))
		return nil
	}
	return at(s.origin, b.addObject(values, false, s.origin))
}
