package hmp

import (
	"errors"
	"fmt"
	"strings"
)

// spaces are the characters that separate words, those of C's isspace.
const spaces = " \t\n\v\f\r"

// errNoWord means that the line has ended where a word was wanted.
var errNoWord = errors.New("no word")

// nextWord cuts a word off text: up to the next space, or what stands between
// double quotes, in which a backslash escapes n, r, \, ' and ". Other errors
// than errNoWord are what QEMU tells its standard output, but not the monitor.
func nextWord(text string) (word, rest string, err error) {
	text = strings.TrimLeft(text, spaces)
	if text == "" {
		return "", "", errNoWord
	}
	if text[0] != '"' {
		n := strings.IndexAny(text, spaces)
		if n < 0 {
			n = len(text)
		}
		return text[:n], text[n:], nil
	}
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			return b.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", errors.New("unterminated string")
			}
			switch e := text[i]; e {
			case 'n':
				b.WriteByte('\n')
			case 'r':
				b.WriteByte('\r')
			case '\\', '\'', '"':
				b.WriteByte(e)
			default:
				return "", "", fmt.Errorf("unsupported escape code: '\\%c'", e)
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", "", errors.New("unterminated string")
}

// maxWords is how many words of a line help and completion look at.
const maxWords = 16

// splitWords cuts text into words, at most maxWords.
func splitWords(text string) ([]string, error) {
	var words []string
	for len(words) < maxWords {
		w, rest, err := nextWord(text)
		if err == errNoWord {
			break
		}
		if err != nil {
			return nil, err
		}
		words, text = append(words, w), rest
	}
	return words, nil
}
