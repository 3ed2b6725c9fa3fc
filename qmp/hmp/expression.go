package hmp

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors of expressions, in QEMU's words.
var (
	errExprEnd      = errors.New("unexpected end of expression")
	errExprParen    = errors.New("')' expected")
	errExprQuote    = errors.New("missing terminating ' character")
	errExprLarge    = errors.New("number too large")
	errExprRegister = errors.New("unknown register")
	errExprZero     = errors.New("division by zero")
)

// maxDepth limits how deep expressions may be nested, so that a line cannot
// exhaust the stack.
const maxDepth = 256

// expression reads a C-like integer expression. From loosest to tightest bind:
// + and -; |, & and ^; *, / and %; unary +, - and ~. Operators of a level go from
// left to right. Values have 64 bit and wrap.
type expression struct {
	rest     string
	depth    int
	register func(name string) (int64, bool)
}

// readExpression reads the expression that text begins with; register returns
// what a name after '$' stands for.
func readExpression(text string, register func(string) (int64, bool)) (value int64, rest string, err error) {
	e := &expression{rest: strings.TrimLeft(text, spaces), register: register}
	value, err = e.sum()
	return value, e.rest, err
}

// operator takes one of the operators in set, if one is next.
func (e *expression) operator(set string) (byte, bool) {
	if e.rest == "" || strings.IndexByte(set, e.rest[0]) < 0 {
		return 0, false
	}
	op := e.rest[0]
	e.skip()
	return op, true
}

// skip takes one character and the spaces after it.
func (e *expression) skip() { e.rest = strings.TrimLeft(e.rest[1:], spaces) }

func (e *expression) level(set string, operand func() (int64, error), apply func(op byte, a, b int64) (int64, error)) (int64, error) {
	a, err := operand()
	for err == nil {
		op, ok := e.operator(set)
		if !ok {
			break
		}
		var b int64
		if b, err = operand(); err == nil {
			a, err = apply(op, a, b)
		}
	}
	return a, err
}

func (e *expression) sum() (int64, error) {
	return e.level("+-", e.logic, func(op byte, a, b int64) (int64, error) {
		if op == '+' {
			return a + b, nil
		}
		return a - b, nil
	})
}

func (e *expression) logic() (int64, error) {
	return e.level("|&^", e.product, func(op byte, a, b int64) (int64, error) {
		switch op {
		case '|':
			return a | b, nil
		case '&':
			return a & b, nil
		}
		return a ^ b, nil
	})
}

func (e *expression) product() (int64, error) {
	return e.level("*/%", e.unary, func(op byte, a, b int64) (int64, error) {
		switch {
		case op == '*':
			return a * b, nil
		case b == 0:
			return 0, errExprZero
		case op == '/':
			return a / b, nil
		}
		return a % b, nil
	})
}

func (e *expression) unary() (int64, error) {
	if e.rest == "" {
		return 0, errExprEnd
	}
	if e.depth++; e.depth > maxDepth {
		return 0, errors.New("expression too deep")
	}
	defer func() { e.depth-- }()
	switch e.rest[0] {
	case '+', '-', '~':
		op := e.rest[0]
		e.skip()
		v, err := e.unary()
		switch op {
		case '-':
			v = -v
		case '~':
			v = ^v
		}
		return v, err
	case '(':
		e.skip()
		v, err := e.sum()
		if err != nil {
			return 0, err
		}
		if e.rest == "" || e.rest[0] != ')' {
			return 0, errExprParen
		}
		e.skip()
		return v, nil
	case '\'':
		if len(e.rest) < 3 || e.rest[2] != '\'' {
			return 0, errExprQuote
		}
		v := int64(e.rest[1])
		e.rest = e.rest[2:]
		e.skip()
		return v, nil
	case '$':
		n := 1
		for n < len(e.rest) && isNamePart(e.rest[n]) {
			n++
		}
		v, known := e.register(e.rest[1:n])
		if !known {
			return 0, errExprRegister
		}
		e.rest = strings.TrimLeft(e.rest[n:], spaces)
		return v, nil
	}
	return e.number()
}

// number reads a decimal, octal (0...) or hexadecimal (0x...) number, as far as
// its digits go.
func (e *expression) number() (int64, error) {
	base, digits := 10, "0123456789"
	at := 0
	switch {
	case len(e.rest) > 2 && e.rest[0] == '0' && e.rest[1]|0x20 == 'x' && isHex(e.rest[2]):
		base, digits, at = 16, "0123456789abcdefABCDEF", 2
	case e.rest[0] == '0':
		base, digits = 8, "01234567"
	}
	n := at
	for n < len(e.rest) && strings.IndexByte(digits, e.rest[n]) >= 0 {
		n++
	}
	if n == at {
		return 0, fmt.Errorf("invalid char '%c' in expression", e.rest[0])
	}
	v, err := strconv.ParseUint(e.rest[at:n], base, 64)
	if err != nil {
		return 0, errExprLarge
	}
	e.rest = strings.TrimLeft(e.rest[n:], spaces)
	return int64(v), nil
}

// isNamePart reports whether a character may be in the name of a register.
func isNamePart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '.'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}
