package qjson

// The states of the lexer and, from kindError on, the kinds of token. Both share
// one byte so that a table lookup yields either.
const (
	inRecovery byte = iota // after a mistake, until something that can start afresh
	inStart
	inDQ
	inDQEscape
	inSQ
	inSQEscape
	inSign
	inZero
	inDigits
	inMantissa
	inMantissaDigits
	inExp
	inExpSign
	inExpDigits
	inKeyword
	lexStates

	kindError // no token begins or goes on like this
	kindLBrace
	kindRBrace
	kindLBracket
	kindRBracket
	kindColon
	kindComma
	kindInteger
	kindFloat
	kindKeyword
	kindString

	// lookahead marks a step that does not consume the byte it was decided by.
	lookahead byte = 0x80
)

// lexTable is the transition table of the lexer, as in QEMU's json-lexer.c.
var lexTable = newLexTable()

func newLexTable() *[lexStates][256]byte {
	t := new([lexStates][256]byte)
	fill := func(state byte, from, to int, next byte) {
		for c := from; c <= to; c++ {
			t[state][c] = next
		}
	}
	each := func(state byte, chars string, next byte) {
		for _, c := range []byte(chars) {
			t[state][c] = next
		}
	}
	for s := range t {
		fill(byte(s), 0, 0xff, kindError)
	}

	// Recovery ends before a structural character, before a control character
	// other than tab, and before the bytes no UTF-8 contains.
	fill(inRecovery, 0, 0x1f, inStart|lookahead)
	fill(inRecovery, 0x20, 0xfd, inRecovery)
	fill(inRecovery, 0xfe, 0xff, inStart|lookahead)
	each(inRecovery, "\t", inRecovery)
	each(inRecovery, "{}[]:,", inStart|lookahead)

	for _, q := range []struct {
		body, escape byte
		quote        string
	}{{inDQ, inDQEscape, `"`}, {inSQ, inSQEscape, `'`}} {
		fill(q.body, 0x20, 0xfd, q.body)
		each(q.body, `\`, q.escape)
		each(q.body, q.quote, kindString)
		fill(q.escape, 0x20, 0xfd, q.body)
	}

	digits := func(state, next byte) { fill(state, '0', '9', next) }
	each(inSign, "0", inZero)
	fill(inSign, '1', '9', inDigits)
	fill(inZero, 0, 0xff, kindInteger|lookahead)
	digits(inZero, kindError) // no leading zeros
	fill(inDigits, 0, 0xff, kindInteger|lookahead)
	digits(inDigits, inDigits)
	for _, s := range []byte{inZero, inDigits} {
		each(s, ".", inMantissa)
		each(s, "eE", inExp)
	}
	digits(inMantissa, inMantissaDigits)
	fill(inMantissaDigits, 0, 0xff, kindFloat|lookahead)
	digits(inMantissaDigits, inMantissaDigits)
	each(inMantissaDigits, "eE", inExp)
	each(inExp, "+-", inExpSign)
	digits(inExp, inExpDigits)
	digits(inExpSign, inExpDigits)
	fill(inExpDigits, 0, 0xff, kindFloat|lookahead)
	digits(inExpDigits, inExpDigits)

	fill(inKeyword, 0, 0xff, kindKeyword|lookahead)
	fill(inKeyword, 'a', 'z', inKeyword)

	each(inStart, " \t\r\n", inStart)
	each(inStart, `"`, inDQ)
	each(inStart, `'`, inSQ)
	each(inStart, "-", inSign)
	each(inStart, "0", inZero)
	fill(inStart, '1', '9', inDigits)
	fill(inStart, 'a', 'z', inKeyword)
	each(inStart, "{", kindLBrace)
	each(inStart, "}", kindRBrace)
	each(inStart, "[", kindLBracket)
	each(inStart, "]", kindRBracket)
	each(inStart, ":", kindColon)
	each(inStart, ",", kindComma)
	return t
}

// position is a place in the input, both numbers counted from one.
type position struct{ line, column int }

// lexer cuts bytes into tokens.
type lexer struct {
	state   byte
	at      position // of the byte read last
	start   position // of the token under way
	partial []byte   // the part of the token that came with earlier calls
}

func newLexer() lexer {
	return lexer{state: inStart, at: position{1, 0}, start: position{1, 1}}
}

// feed calls token for every token that data completes. The text is valid only
// during the call. overflow is called, and the token dropped, when one grows
// beyond limit bytes.
func (l *lexer) feed(data []byte, limit int, token func(kind byte, text []byte, at position), overflow func()) {
	begin := 0 // where the token under way starts in data
	for i := 0; i < len(data); i++ {
		ch := data[i]
		l.at.column++
		if ch == '\n' {
			l.at = position{l.at.line + 1, 0}
		}
		for consumed := false; !consumed; {
			next := lexTable[l.state][ch]
			consumed = next&lookahead == 0
			next &^= lookahead
			end := i
			if consumed {
				end++
			}
			if next >= kindError {
				text := data[begin:end]
				if len(l.partial) > 0 {
					l.partial = append(l.partial, text...)
					text = l.partial
				}
				token(next, text, l.start)
				if next == kindError {
					next = inRecovery
				} else {
					next = inStart
				}
			}
			l.state = next
			if next <= inStart {
				// QEMU notes the start of the next token here, as "one further
				// on", even when the byte at hand is looked at again: such a
				// token is reported one column late.
				l.start = position{l.at.line, l.at.column + 1}
				l.partial = l.partial[:0]
				begin = end
			}
		}
		// Most bytes of a command are in strings: run through them.
		if l.state == inDQ {
			j := i + 1
			for j < len(data) && lexTable[inDQ][data[j]] == inDQ {
				j++
			}
			l.at.column += j - i - 1
			i = j - 1
		}
		if i-begin+len(l.partial) > limit {
			overflow()
			l.state, l.partial, begin = inStart, l.partial[:0], i+1
			l.start = position{l.at.line, l.at.column + 1}
		}
	}
	if l.state > inStart && begin < len(data) {
		l.partial = append(l.partial, data[begin:]...)
	}
	if cap(l.partial) > 1<<16 && len(l.partial) == 0 {
		l.partial = nil // one huge token must not cost memory for ever
	}
}
