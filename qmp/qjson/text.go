package qjson

import (
	"bytes"
	"unicode/utf8"
)

// codepoint reads one character of modified UTF-8 at the start of s and returns
// it with its length. It is -1 for what QEMU calls invalid: unexpected and
// missing continuation bytes, overlong forms except C0 80 (which is U+0000),
// surrogates, non-characters and anything above U+10FFFF. The length then covers
// what belongs to the failed sequence. s must not be empty.
func codepoint[S string | []byte](s S) (rune, int) {
	b := s[0]
	if b < 0x80 {
		return rune(b), 1
	}
	if b >= 0xfe || b&0x40 == 0 {
		return -1, 1
	}
	length, mask := 0, byte(0x80)
	for ; b&mask != 0; mask >>= 1 {
		length++
	}
	cp := rune(b & (mask - 1))
	for i := 1; i < length; i++ {
		if i >= len(s) || s[i]&0xc0 != 0x80 {
			return -1, i
		}
		cp = cp<<6 | rune(s[i]&0x3f)
	}
	least := [...]rune{2: 0x80, 3: 0x800, 4: 0x10000, 5: 0x200000, 6: 0x4000000}[length]
	if !valid(cp) || cp < least && !(cp == 0 && length == 2) {
		return -1, length
	}
	return cp, length
}

// valid reports whether QEMU accepts cp as a character: inside Unicode, not a
// surrogate, not one of the 66 non-characters.
func valid(cp rune) bool {
	switch {
	case cp < 0 || cp > utf8.MaxRune,
		cp >= 0xd800 && cp <= 0xdfff,
		cp >= 0xfdd0 && cp <= 0xfdef,
		cp&0xfffe == 0xfffe:
		return false
	}
	return true
}

// appendModified appends cp in modified UTF-8.
func appendModified(dst []byte, cp rune) []byte {
	if cp == 0 {
		return append(dst, 0xc0, 0x80)
	}
	return utf8.AppendRune(dst, cp)
}

// commonNames spares an allocation for the words every command contains.
func commonNames(s []byte) (string, bool) {
	switch string(s) {
	case "execute":
		return "execute", true
	case "exec-oob":
		return "exec-oob", true
	case "arguments":
		return "arguments", true
	case "id":
		return "id", true
	case "path":
		return "path", true
	case "property":
		return "property", true
	case "driver":
		return "driver", true
	case "bus":
		return "bus", true
	}
	return "", false
}

// unquote decodes a string token with its quotes. It returns the value, or the
// text of the mistake.
func (a *arena) unquote(token []byte) (value, fault string) {
	body := token[1 : len(token)-1]
	plain := true
	for _, c := range body {
		if c == '\\' || c >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		if name, ok := commonNames(body); ok {
			return name, ""
		}
		return a.string(body), ""
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		if body[i] != '\\' {
			cp, n := codepoint(body[i:])
			if cp < 0 {
				return "", "invalid UTF-8 sequence in string"
			}
			out = append(out, body[i:i+n]...)
			i += n
			continue
		}
		// The lexer has made sure that a byte follows a backslash.
		switch c := body[i+1]; c {
		case '"', '\'', '\\', '/':
			out = append(out, c)
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			cp, n := hexEscape(body[i:])
			if cp < 0 {
				return "", unicodeFault(token, 1+i, n)
			}
			out = appendModified(out, cp)
			i += n
			continue
		default:
			return "", "invalid escape sequence in string"
		}
		i += 2
	}
	return string(out), ""
}

// hexEscape decodes \uXXXX, or a surrogate pair of them, at the start of s, and
// tells how long it was. The character is -1 when it is not valid.
func hexEscape(s []byte) (rune, int) {
	cp, n := hex4(s[2:]), 6
	if cp >= 0xd800 && cp <= 0xdbff && bytes.HasPrefix(s[6:], []byte(`\u`)) {
		low := hex4(s[8:])
		if low < 0xdc00 || low > 0xdfff {
			return -1, n
		}
		cp, n = 0x10000+(cp&0x3ff)<<10+low&0x3ff, 12
	}
	if !valid(cp) {
		return -1, n
	}
	return cp, n
}

func hex4(s []byte) rune {
	if len(s) < 4 {
		return -1
	}
	var n rune
	for _, c := range s[:4] {
		switch {
		case c >= '0' && c <= '9':
			n = n<<4 | rune(c-'0')
		case c >= 'a' && c <= 'f':
			n = n<<4 | rune(c-'a'+10)
		case c >= 'A' && c <= 'F':
			n = n<<4 | rune(c-'A'+10)
		default:
			return -1
		}
	}
	return n
}

// unicodeFault quotes the escape of n bytes at position i of the whole token.
// That may take in the closing quote.
func unicodeFault(token []byte, i, n int) string {
	end := min(i+n, len(token))
	return string(token[i:end]) + " is not a valid Unicode character"
}
