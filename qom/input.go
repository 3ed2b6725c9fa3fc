package qom

import (
	"cmp"
	"fmt"
	"math"
)

// Input is a value on its way into a property. It comes either from JSON, and
// then has a type of its own that must fit, or from a command line or HMP as
// text, and is then read as the property's type. [Value], [Text] and [Plain]
// correspond to QEMU's qobject, keyval and string input visitors, whose error
// texts they give.
type Input struct {
	v     any
	text  bool
	plain bool
	under string
	as    string
}

// Value is an input from JSON: nil, bool, int64, uint64, float64, string,
// []any, or an object in the caller's representation.
func Value(v any) Input { return Input{v: v} }

// Text is an input from a command line: one of several options, such as those
// of -device or HMP's device_add.
func Text(s string) Input { return Input{v: s, text: true} }

// Plain is a text that is the value of one property and nothing else: -global,
// a compatibility property, HMP's qom-set.
func Plain(s string) Input { return Input{v: s, text: true, plain: true} }

// Options is an input from a command line that is more than one option: an object
// or a list, with text where its values are.
func Options(v any) Input { return Input{v: v, text: true} }

// Part returns an input for a part of the value, which comes as the whole does.
func (in Input) Part(v any) Input {
	in.v = v
	return in
}

// Under returns the input as a part of something larger, whose name errors about
// its type give in front of the property's: "model.props.". QEMU leaves it away
// where a number does not fit.
func (in Input) Under(name string) Input {
	in.under = name
	return in
}

// As returns the input under another name than its property's, which errors about
// its type give: that of the alias by which it came.
func (in Input) As(name string) Input {
	in.as = name
	return in
}

// named is what errors about a property's type call the property.
func (in Input) named(name string) string { return cmp.Or(in.as, name) }

// expects is QEMU's complaint about a text that is no number; the visitors
// differ in how they call numbers.
func (in Input) expects(name, option, alone string) error {
	if in.plain {
		option = alone
	}
	return fmt.Errorf("Parameter '%s%s' expects %s", in.under, in.named(name), option)
}

// Raw returns the value as it came.
func (in Input) Raw() any { return in.v }

// textValue is the value of an input that came as text; empty where there are
// options in place of one.
func (in Input) textValue() string {
	s, _ := in.v.(string)
	return s
}

// IsText reports whether the input came as text.
func (in Input) IsText() bool { return in.text }

// Str reads a string.
func (in Input) Str(name string) (string, error) {
	if s, ok := in.v.(string); ok {
		return s, nil
	}
	return "", invalidType(in.under+in.named(name), "string")
}

// Bool reads a boolean; as text: on, off, yes, no, true, false, y, n.
func (in Input) Bool(name string) (bool, error) {
	if in.text {
		switch in.v {
		case "on", "yes", "true", "y":
			return true, nil
		case "off", "no", "false", "n":
			return false, nil
		}
		return false, fmt.Errorf("Parameter '%s%s' expects 'on' or 'off'", in.under, in.named(name))
	}
	if b, ok := in.v.(bool); ok {
		return b, nil
	}
	return false, invalidType(in.under+in.named(name), "boolean")
}

// Int64 reads a signed integer of 64 bit.
func (in Input) Int64(name string) (int64, error) {
	if in.text {
		n, err := ParseInt(in.textValue())
		if err != nil {
			return 0, in.expects(name, "integer", "int64")
		}
		return n, nil
	}
	switch n := in.v.(type) {
	case int64:
		return n, nil
	case int:
		return int64(n), nil
	case uint64:
		if n <= math.MaxInt64 {
			return int64(n), nil
		}
		return 0, invalidType(in.under+in.named(name), "integer")
	}
	return 0, invalidType(in.under+in.named(name), "integer")
}

// Uint64 reads an unsigned integer of 64 bit. As QEMU's visitors, it takes a
// negative number for its two's complement.
func (in Input) Uint64(name string) (uint64, error) {
	if in.text {
		n, err := ParseUint(in.textValue())
		if err != nil {
			return 0, in.expects(name, "integer", "uint64")
		}
		return n, nil
	}
	switch n := in.v.(type) {
	case int64:
		return uint64(n), nil
	case int:
		return uint64(n), nil
	case uint64:
		return n, nil
	}
	return 0, fmt.Errorf("Parameter '%s%s' expects uint64", in.under, in.named(name))
}

// Uint reads an unsigned integer of 8, 16 or 32 bit.
func (in Input) Uint(name string, bits uint) (uint64, error) {
	n, err := in.Uint64(name)
	if err == nil && n>>bits != 0 {
		err = fmt.Errorf("Parameter '%s' expects uint%d_t", in.named(name), bits)
	}
	return n, err
}

// Int reads a signed integer of 8, 16 or 32 bit.
func (in Input) Int(name string, bits uint) (int64, error) {
	n, err := in.Int64(name)
	if err == nil && (n < -1<<(bits-1) || n >= 1<<(bits-1)) {
		err = fmt.Errorf("Parameter '%s' expects int%d_t", in.named(name), bits)
	}
	return n, err
}

// Number reads a floating-point number.
func (in Input) Number(name string) (float64, error) {
	switch n := in.v.(type) {
	case float64:
		return n, nil
	case int64:
		return float64(n), nil
	case uint64:
		return float64(n), nil
	}
	return 0, invalidType(in.under+in.named(name), "number")
}

// Size reads a number of bytes; as text with an optional suffix B, K, M, G, T,
// P or E, powers of 1024, and an optional fraction.
func (in Input) Size(name string) (uint64, error) {
	if in.text {
		n, err := ParseSize(in.textValue())
		if err != nil {
			if in.plain {
				return 0, sizeError{in.named(name)}
			}
			return 0, in.expects(name, "size", "")
		}
		return n, nil
	}
	return in.Uint64(name)
}

// NotASize is the error of an option that is no number of bytes, with QEMU's hint.
func NotASize(name string) error { return sizeError{name} }

// sizeError refuses what is no number of bytes; people are told more.
type sizeError struct{ name string }

func (e sizeError) Error() string {
	return fmt.Sprintf("Parameter '%s' expects a non-negative number below 2^64", e.name)
}

// Hint is what QEMU prints on further lines.
func (sizeError) Hint() string {
	return "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\nand exabytes, respectively.\n"
}
