package schema

import (
	"bytes"
	"errors"
	"fmt"
)

// outline finds the entries in data, a JSON array of objects, and their names
// without decoding them.
func outline(data []byte) ([]*entry, error) {
	i := bytes.IndexByte(data, '[')
	if i < 0 {
		return nil, errors.New("schema: not a JSON array")
	}
	var (
		list  []*entry
		depth int    // of braces and brackets below the outer array
		start int    // of the entry under way
		key   []byte // the string read last at depth one
		name  []byte
		value bool // a colon came after key
	)
	for i++; i < len(data); i++ {
		switch c := data[i]; c {
		case '"':
			end := stringEnd(data, i)
			if end < 0 {
				return nil, errors.New("schema: unterminated string")
			}
			if depth == 1 {
				text := data[i+1 : end]
				if value && string(key) == "name" {
					name = text
				}
				key = text
			}
			i = end
		case ':':
			value = depth == 1
		case ',':
			value = false
		case '{', '[':
			if depth == 0 {
				start, name, key = i, nil, nil
			}
			depth++
			value = false
		case '}', ']':
			if depth == 0 {
				if c == '}' {
					return nil, errors.New("schema: unbalanced '}'")
				}
				return list, nil
			}
			depth--
			if depth == 0 {
				if name == nil {
					return nil, fmt.Errorf("schema: entry %d has no name", len(list))
				}
				list = append(list, &entry{name: string(name), raw: data[start : i+1]})
			}
		}
	}
	return nil, errors.New("schema: text ends early")
}

// stringEnd returns the position of the quote that ends the string begun at i.
func stringEnd(data []byte, i int) int {
	for {
		j := bytes.IndexByte(data[i+1:], '"')
		if j < 0 {
			return -1
		}
		i += 1 + j
		escapes := 0
		for data[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
}
