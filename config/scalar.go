package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// identifier is what an id must look like.
var identifier = pattern(`^[A-Za-z][A-Za-z0-9._-]*$`)

// idHint is the second line QEMU adds to a complaint about an id.
const idHint = "Identifiers consist of letters, digits, '-', '.', '_', starting with a letter."

// sizeHint is what QEMU adds to a complaint about a size.
const sizeHint = "Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-\n" +
	"and exabytes, respectively."

// checkID says whether an id is well-formed, in QEMU's words.
func checkID(id string) error {
	if identifier().MatchString(id) {
		return nil
	}
	return errors.New("Parameter 'id' expects an identifier\n" + idHint)
}

// parseBool reads "on", "yes", "true", "y" and their opposites.
func parseBool(name, text string) (bool, error) {
	switch text {
	case "on", "yes", "true", "y":
		return true, nil
	case "off", "no", "false", "n":
		return false, nil
	}
	return false, fmt.Errorf("Parameter '%s' expects 'on' or 'off'", name)
}

// parseNumber reads an unsigned number in C's notation, as option groups do;
// a sign wraps around as strtoull's does.
func parseNumber(name, text string) (uint64, error) {
	t := strings.TrimSpace(text)
	negative := strings.HasPrefix(t, "-")
	t = strings.TrimLeft(t, "+-")
	n, err := strconv.ParseUint(t, 0, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("Value '%s' is too large for parameter '%s'", text, name)
	case err != nil || strings.Contains(t, "_") || strings.HasPrefix(strings.ToLower(t), "0b") || strings.HasPrefix(strings.ToLower(t), "0o"):
		return 0, fmt.Errorf("Parameter '%s' expects a number", name)
	}
	if negative {
		n = -n
	}
	return n, nil
}

var (
	errSyntax = errors.New("not a size")
	errRange  = errors.New("out of range")
	decimal   = pattern(`^([0-9]+)(\.[0-9]*)?([bBkKmMgGtTpPeE]?)$`)
	hex       = pattern(`^0[xX]([0-9a-fA-F]+)$`)
)

// ParseSize reads a number of bytes with an optional suffix: "4096", "64k",
// "1.5G". Without a suffix the number counts in bytes shifted left by shift,
// so that 20 makes plain numbers mebibytes. A fraction needs a suffix.
func ParseSize(text string, shift uint) (uint64, error) {
	if strings.HasPrefix(text, "-") {
		if decimal().MatchString(text[1:]) {
			return 0, errRange
		}
		return 0, errSyntax
	}
	var n uint64
	var err error
	var suffix, fraction string
	if m := hex().FindStringSubmatch(text); m != nil {
		n, err = strconv.ParseUint(m[1], 16, 64) // takes no suffix
	} else if m := decimal().FindStringSubmatch(text); m != nil {
		n, err = strconv.ParseUint(m[1], 10, 64)
		fraction, suffix = m[2], m[3]
	} else {
		return 0, errSyntax
	}
	if err != nil {
		return 0, errRange
	}
	if suffix != "" {
		shift = uint(strings.IndexByte("bkmgtpe", suffix[0]|0x20)) * 10
	}
	var part uint64
	if fraction != "" && fraction != "." {
		if shift == 0 || suffix == "" {
			return 0, errSyntax
		}
		f, err := strconv.ParseFloat("0"+fraction, 64)
		if err != nil {
			return 0, errSyntax
		}
		part = uint64(math.Ldexp(f, int(shift)) + 0.5)
	}
	if n > math.MaxUint64>>shift {
		return 0, errRange
	}
	return n<<shift + part, nil
}

// sizeError words a mistake of ParseSize as QEMU's option groups do.
func sizeError(err error, name, text string) error {
	if errors.Is(err, errRange) {
		return fmt.Errorf("Value '%s' is out of range for parameter '%s'", text, name)
	}
	return fmt.Errorf("Parameter '%s' expects a non-negative number below 2^64\n%s", name, sizeHint)
}

// datetime is what -rtc base= may be besides words.
var datetime = pattern(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(T[0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2})?$`)

var uuidForm = pattern(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// parseUUID returns a UUID in lower case.
func parseUUID(text string) (string, error) {
	if !uuidForm().MatchString(text) {
		return "", errors.New("failed to parse UUID string: wrong format")
	}
	return strings.ToLower(text), nil
}
