package hmp

import (
	"strings"

	"github.com/qomd/qomd/config"
)

// values are the arguments of a command that were given, by name.
type values map[string]any

func (v values) text(name string) string {
	s, _ := v[name].(string)
	return s
}

func (v values) number(name string) int64 {
	n, _ := v[name].(int64)
	return n
}

func (v values) flag(name string) bool {
	b, _ := v[name].(bool)
	return b
}

// arguments reads what follows a command's name, by the command's description:
// NAME:KIND, separated by commas. The kinds are QEMU's:
//
//	s F B   a word; errors call it a string, a file name, a block device
//	S       the rest of the line
//	O       options, key=value separated by commas, as one word
//	i l     an expression of 32 or 64 bit; M: in mebibytes, not negative
//	o       a size, with a suffix; plain numbers are mebibytes
//	T       a time in seconds, with ms, us or ns after it
//	b       on or off
//	/       a format, "/16xb"
//	-X      a flag, X its letter; -Xs: one with a word of its own
//
// A '?' after a kind makes it optional at the end of the line, and a '.' makes it
// optional behind a dot.
type arguments struct {
	cmd    *command
	rest   string
	format *format // what "/" leaves out
	// register returns what a name after '$' stands for.
	register func(name string) (int64, bool)
	// taken reports whether options of a name have the id already.
	taken  func(name, id string) bool
	printf func(format string, args ...any)

	values values
}

// parse reads all arguments. When they do not fit it has printed why.
func (p *arguments) parse() (values, bool) {
	p.values = values{}
	for described := p.cmd.args; described != ""; {
		var one string
		one, described, _ = strings.Cut(described, ",")
		name, kind, _ := strings.Cut(one, ":")
		optional := strings.HasSuffix(kind, "?")
		kind, dotted := strings.CutSuffix(strings.TrimSuffix(kind, "?"), ".")
		p.rest = strings.TrimLeft(p.rest, spaces)
		ok := true
		if dotted {
			var dot bool
			p.rest, dot = strings.CutPrefix(p.rest, ".")
			if !dot {
				continue
			}
			p.rest = strings.TrimLeft(p.rest, spaces)
		}
		switch {
		case kind[0] == '-':
			ok = p.flag(name, kind, described)
		case optional && p.rest == "":
		default:
			ok = p.one(name, kind)
		}
		if !ok {
			return nil, false
		}
	}
	p.rest = strings.TrimLeft(p.rest, spaces)
	if p.rest != "" {
		p.failed("extraneous characters at the end of line")
		return nil, false
	}
	return p.values, true
}

// failed prints a mistake after the command's name.
func (p *arguments) failed(what string) { p.printf("%s: %s\n", p.cmd.names, what) }

// one reads one argument.
func (p *arguments) one(name, kind string) bool {
	switch kind {
	case "s":
		return p.word(name, "string expected")
	case "F":
		return p.word(name, "filename expected")
	case "B":
		return p.word(name, "block device name expected")
	case "S":
		if p.rest == "" {
			p.failed("string expected")
			return false
		}
		p.values[name], p.rest = p.rest, ""
		return true
	case "O":
		return p.options(name)
	case "/":
		f, rest, err := readFormat(p.rest, p.format)
		return p.store(name, f, rest, err)
	case "i", "l", "M":
		return p.integer(name, kind)
	case "o":
		v, rest, err := readSize(p.rest)
		return p.store(name, v, rest, err)
	case "T":
		v, rest, err := readSeconds(p.rest)
		return p.store(name, v, rest, err)
	case "b":
		return p.onOff(name)
	}
	panic("hmp: " + p.cmd.names + ": unknown kind of argument " + kind)
}

// store keeps what a reader returned, or prints its error.
func (p *arguments) store(name string, value any, rest string, err error) bool {
	if err != nil {
		p.printf("%s\n", err)
		return false
	}
	p.values[name], p.rest = value, rest
	return true
}

func (p *arguments) word(name, missing string) bool {
	w, rest, err := nextWord(p.rest)
	if err != nil {
		p.failed(missing)
		return false
	}
	p.values[name], p.rest = w, rest
	return true
}

func (p *arguments) integer(name, kind string) bool {
	v, rest, err := readExpression(p.rest, p.register)
	if err != nil {
		p.printf("%s\n", err)
		return false
	}
	switch {
	case kind == "i" && v>>32 != 0:
		p.printf("'%s' has failed: integer is for 32-bit values\n", p.cmd.names)
		return false
	case kind == "M" && v < 0:
		p.printf("enter a positive value\n")
		return false
	case kind == "M":
		v <<= 20
	}
	p.values[name], p.rest = v, rest
	return true
}

func (p *arguments) onOff(name string) bool {
	n := strings.IndexAny(p.rest, spaces)
	if n < 0 {
		n = len(p.rest)
	}
	switch p.rest[:n] {
	case "on", "off":
		p.values[name] = p.rest[:n] == "on"
	default:
		p.printf("Expected 'on' or 'off'\n")
		return false
	}
	p.rest = p.rest[n:]
	return true
}

// flag reads a flag if it is next. One that a later argument knows is left for
// that; others are mistakes. later is the description of what follows.
func (p *arguments) flag(name, kind, later string) bool {
	if !strings.HasPrefix(p.rest, "-") {
		return true
	}
	letter := p.rest[1:min(2, len(p.rest))]
	if letter != kind[1:2] {
		if letter != "" && strings.Contains(later, "-"+letter) {
			return true
		}
		if letter == "" {
			// QEMU's message ends where it prints the letter: at a NUL.
			p.printf("%s: unsupported option -", p.cmd.names)
		} else {
			p.failed("unsupported option -" + letter)
		}
		return false
	}
	p.rest = p.rest[2:]
	if len(kind) < 3 {
		p.values[name] = true
		return true
	}
	return p.word(name, "value expected for -"+letter)
}

// options reads a word of key=value pairs; none at the end of the line.
func (p *arguments) options(name string) bool {
	if p.rest == "" {
		p.values[name] = &options{}
		return true
	}
	w, rest, err := nextWord(p.rest)
	if err != nil {
		return false
	}
	o := readOptions(w, implied[name])
	p.values[name], p.rest = o, rest
	return o.problem == nil && !p.taken(name, o.text("id"))
}

// readSize reads a number of bytes; without a suffix mebibytes are meant.
func readSize(text string) (int64, string, error) {
	n := strings.IndexAny(text, spaces)
	if n < 0 {
		n = len(text)
	}
	v, err := config.ParseSize(text[:n], 20)
	if err != nil || int64(v) < 0 {
		return 0, "", errSize
	}
	return int64(v), text[n:], nil
}
