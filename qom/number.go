package qom

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

var errNotNumber = errors.New("not a number")

// ParseInt reads a signed integer as QEMU's qemu_strtoi64 with base 0 does:
// decimal, 0x hexadecimal, 0 octal, or 0b binary as newer C libraries have it.
func ParseInt(s string) (int64, error) {
	s = strings.TrimLeft(s, " \t\n")
	neg := false
	rest := s
	if strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		neg = rest[0] == '-'
		rest = rest[1:]
	}
	u, err := parseMagnitude(rest)
	switch {
	case err != nil:
		return 0, err
	case neg && u <= 1<<63:
		return -int64(u), nil
	case !neg && u <= math.MaxInt64:
		return int64(u), nil
	}
	return 0, errNotNumber
}

// ParseUint reads an unsigned integer likewise; a minus sign negates modulo
// 2^64, as strtoull does.
func ParseUint(s string) (uint64, error) {
	s = strings.TrimLeft(s, " \t\n")
	if rest, neg := strings.CutPrefix(s, "-"); neg {
		u, err := parseMagnitude(rest)
		return -u, err
	}
	return parseMagnitude(strings.TrimPrefix(s, "+"))
}

func parseMagnitude(s string) (uint64, error) {
	base := 10
	switch {
	case strings.HasPrefix(s, "0x"), strings.HasPrefix(s, "0X"):
		base, s = 16, s[2:]
	case strings.HasPrefix(s, "0b"), strings.HasPrefix(s, "0B"):
		base, s = 2, s[2:]
	case len(s) > 1 && s[0] == '0':
		base, s = 8, s[1:]
	}
	if s == "" || s[0] == '+' || s[0] == '-' {
		return 0, errNotNumber
	}
	return strconv.ParseUint(s, base, 64)
}

// ParseSize reads a number of bytes as QEMU's qemu_strtosz does: digits, an
// optional fraction, an optional suffix (B K M G T P E, either case; powers of
// 1024, bytes without one). Hexadecimal numbers take neither; a fraction of a
// byte is refused.
func ParseSize(s string) (uint64, error) {
	s = strings.TrimPrefix(strings.TrimLeft(s, " \t\n"), "+")
	if strings.HasPrefix(s, "0x") || strings.HasPrefix(s, "0X") {
		return parseMagnitude(s)
	}
	number, shift := s, uint(0)
	if n := len(s); n > 0 {
		if i := strings.IndexByte("BKMGTPE", s[n-1]&^0x20); i >= 0 {
			number, shift = s[:n-1], uint(10*i)
		}
	}
	whole, frac, _ := strings.Cut(number, ".")
	if whole+frac == "" || strings.Trim(whole, "0123456789") != "" || strings.Trim(frac, "0123456789") != "" {
		return 0, errNotNumber
	}
	n, err := strconv.ParseUint("0"+whole, 10, 64)
	if err != nil || n > math.MaxUint64>>shift {
		return 0, errNotNumber
	}
	n <<= shift
	if strings.Trim(frac, "0") == "" {
		return n, nil
	}
	f, err := strconv.ParseFloat("0."+frac, 64)
	if err != nil || shift == 0 {
		return 0, errNotNumber
	}
	return n + uint64(f*float64(uint64(1)<<shift)), nil
}
