package hmp

import (
	"fmt"
	"strconv"
	"strings"
)

// format is QEMU's "/fmt": how many items, in which notation, of which size.
type format struct {
	count  int
	letter byte // 'x', 'd', 'u', 'o', 'c' or 'i'
	size   int  // of an item, in bytes; -1 for instructions
}

// formatSizes are the letters for sizes.
var formatSizes = map[byte]int{'b': 1, 'h': 2, 'w': 4, 'g': 8, 'L': 8}

// maxItems bounds the count, so that one line cannot ask for gigabytes.
const maxItems = 1 << 20

// readFormat reads a "/fmt" that text may begin with. What it leaves out is as
// it was the last time, which *last keeps.
func readFormat(text string, last *format) (f format, rest string, err error) {
	text = strings.TrimLeft(text, spaces)
	f = format{count: 1, letter: last.letter, size: -1}
	if !strings.HasPrefix(text, "/") {
		if f.letter != 'i' {
			f.size = last.size
		}
		return f, text, nil
	}
	text = text[1:]
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n > 0 {
		if f.count, err = strconv.Atoi(text[:n]); err != nil {
			f.count = maxItems
		}
		f.count = min(f.count, maxItems)
		text = text[n:]
	}
	n = strings.IndexAny(text, spaces)
	if n < 0 {
		n = len(text)
	}
	for _, c := range []byte(text[:n]) {
		switch {
		case strings.IndexByte("oduxci", c) >= 0:
			f.letter = c
		case formatSizes[c] != 0:
			f.size = formatSizes[c]
		default:
			return f, "", fmt.Errorf("invalid char in format: '%c'", c)
		}
	}
	if f.letter != 'i' {
		if f.size < 0 {
			f.size = last.size
		}
		last.size = f.size
	}
	last.letter = f.letter
	return f, text[n:], nil
}
