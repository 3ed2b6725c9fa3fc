package qjson

import "strconv"

// integer is the value of an integer token: int64 if it fits, uint64 if it is
// positive and fits, else float64, as QNum.
func integer(text []byte) any {
	// Short ones need no error handling and no copy.
	if len(text) <= 18 {
		neg := text[0] == '-'
		digits := text
		if neg {
			digits = text[1:]
		}
		var n int64
		for _, c := range digits {
			n = n*10 + int64(c-'0')
		}
		if neg {
			n = -n
		}
		return n
	}
	if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
		return n
	}
	if text[0] != '-' {
		if n, err := strconv.ParseUint(string(text), 10, 64); err == nil {
			return n
		}
	}
	return float(text)
}

// float is the value of a number token as a double. Numbers beyond its range
// become infinite, as with strtod().
func float(text []byte) float64 {
	f, err := strconv.ParseFloat(string(text), 64)
	_ = err // only a range error is possible, and f is then infinite
	return f
}
