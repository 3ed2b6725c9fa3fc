package qjson

import (
	"bytes"
	"fmt"
)

// The limits of QEMU's json-streamer.c on one value.
const (
	MaxNesting   = 1024     // brackets and braces open at once
	MaxTokens    = 2 << 20  // tokens
	MaxTokenSize = 64 << 20 // bytes in tokens; white space is free
)

// SyntaxError is a mistake in the input. The text is QEMU's.
type SyntaxError struct {
	Text         string // complete, position included
	Line, Column int    // of the token at fault, from one; zero for a limit
}

func (e *SyntaxError) Error() string { return e.Text }

// what the parser waits for inside the innermost open value
const (
	wantValue       byte = iota // a value
	wantFirstValue              // a value or "]"
	wantCommaArray              // "," or "]"
	wantFirstKey                // a key or "}"
	wantKey                     // a key
	wantColon                   // ":"
	wantCommaObject             // "," or "}"
	wantStringKey               // the rest of a value where a key belongs
)

// frame is one open array or object.
type frame struct {
	object *Object // nil for an array
	array  []any
	key    string // of the member under way
	want   byte
}

// Parser turns a stream of bytes into values. The zero value is not ready; use
// [NewParser]. A Parser is for one goroutine.
type Parser struct {
	lex   lexer
	emit  func(any, error)
	stack []frame
	arena arena // of the value under way

	// What json-streamer.c counts to find the end of a value without
	// understanding it. Either may fall below zero, which ends the value too.
	braces, brackets int
	tokens, size     int
	skipping         bool // a mistake was found, the rest of the value is ignored
	late             bool
	found            string // the mistake, until the value is over; with late

	token    func(kind byte, text []byte, at position)
	overflow func()
}

// NewParser returns a parser at line 1, column 1.
func NewParser() *Parser {
	p := &Parser{lex: newLexer()}
	p.token = p.accept // bound once, not per call
	p.overflow = p.tooLong
	return p
}

// NewLateParser returns a parser that tells mistakes as QEMU did up to 7.2: when
// the value they are in is over, without their place, and partly in other words.
// A limit that is exceeded ends the value, so that what comes after it is read as
// the next.
func NewLateParser() *Parser {
	p := NewParser()
	p.late = true
	return p
}

// Feed reads data and calls emit for every value it completes and for every
// mistake it contains, in order. A mistake is a *SyntaxError and comes with a nil
// value; the parser then skips the rest of the broken value and carries on.
// emit may block, but must not call the parser. data is not kept.
func (p *Parser) Feed(data []byte, emit func(value any, err error)) {
	p.emit = emit
	p.lex.feed(data, MaxTokenSize, p.token, p.overflow)
	p.emit = nil
}

// Idle reports whether nothing is under way: no token and no open value.
func (p *Parser) Idle() bool {
	return p.lex.state <= inStart && len(p.stack) == 0 && p.braces == 0 && p.brackets == 0
}

// Parse reads the one value in data, for which QEMU has qobject_from_json. The
// monitor uses a Parser.
func Parse(data []byte) (any, error) {
	var value any
	var fault error
	count := 0
	p := NewParser()
	p.Feed(append(bytes.Clone(data), '\n'), func(v any, err error) {
		if count++; count == 1 {
			value, fault = v, err
		}
	})
	switch {
	case fault != nil:
		return nil, fault
	case count > 1 || count == 1 && !p.Idle():
		return nil, &SyntaxError{Text: "Expecting at most one JSON value"}
	case !p.Idle():
		last := data[bytes.LastIndexByte(data, '\n')+1:]
		at := fmt.Sprintf("%d:%d", 1+bytes.Count(data, []byte{'\n'}), 1+len(last))
		return nil, &SyntaxError{Text: at + ": JSON parse error, premature end of input"}
	case count == 0:
		return nil, &SyntaxError{Text: "Expecting a JSON value"}
	}
	return value, nil
}

// accept counts a token and hands it to the grammar.
func (p *Parser) accept(kind byte, text []byte, at position) {
	switch kind {
	case kindError:
		// A lexical mistake ends the value at once, even one that is being skipped.
		stray := "stray '" + cString(text) + "'"
		switch {
		case p.late:
			p.found = stray
		case !p.skipping:
			p.fail(at, stray)
		}
		p.reset()
		return
	case kindLBrace:
		p.braces++
	case kindRBrace:
		p.braces--
	case kindLBracket:
		p.brackets++
	case kindRBracket:
		p.brackets--
	}
	if counts := p.late || !p.skipping; counts && p.withinLimits(len(text)) && !p.skipping {
		p.grammar(kind, text, at)
	}
	if p.braces < 0 || p.brackets < 0 || p.braces == 0 && p.brackets == 0 {
		p.reset()
	}
}

// withinLimits counts the token and complains about the first limit it breaks.
func (p *Parser) withinLimits(length int) bool {
	what := ""
	switch {
	case p.size+length+1 > MaxTokenSize:
		what = "token size"
	case p.tokens+1 > MaxTokens:
		what = "token count"
	case p.braces+p.brackets > MaxNesting:
		what = "nesting depth"
	default:
		p.size += length
		p.tokens++
		return true
	}
	p.broken(&SyntaxError{Text: "JSON " + what + " limit exceeded"})
	return false
}

// tooLong is called when one token alone breaks the size limit.
func (p *Parser) tooLong() {
	if p.late || !p.skipping {
		p.broken(&SyntaxError{Text: "JSON token size limit exceeded"})
	}
	if p.braces == 0 && p.brackets == 0 {
		p.reset()
	}
}

// reset makes the parser ready for the next value.
func (p *Parser) reset() {
	if text := p.found; text != "" {
		p.found = ""
		p.emit(nil, &SyntaxError{Text: "JSON parse error, " + text})
	}
	clear(p.stack)
	p.stack, p.arena = p.stack[:0], arena{}
	p.braces, p.brackets, p.tokens, p.size, p.skipping = 0, 0, 0, 0, false
}

func (p *Parser) fail(at position, text string) {
	if p.late {
		p.found, p.skipping = text, true
		return
	}
	p.broken(&SyntaxError{
		Text: fmt.Sprintf("%d:%d: JSON parse error, %s", at.line, at.column, text),
		Line: at.line, Column: at.column,
	})
}

func (p *Parser) broken(err *SyntaxError) {
	p.skipping = true
	p.emit(nil, err)
	if p.late {
		p.found = ""
		p.reset()
	}
}

// cString is text as a C program prints it: up to the first zero byte.
func cString(text []byte) string {
	if i := bytes.IndexByte(text, 0); i >= 0 {
		text = text[:i]
	}
	return string(text)
}
