package qjson

// grammar takes one token into account. Every path either returns silently or
// reports exactly one mistake.
func (p *Parser) grammar(kind byte, text []byte, at position) {
	if len(p.stack) == 0 {
		p.value(kind, text, at)
		return
	}
	f := &p.stack[len(p.stack)-1]
	switch f.want {
	case wantValue:
		p.value(kind, text, at)
	case wantFirstValue:
		if kind == kindRBracket {
			p.pop(at)
			return
		}
		p.value(kind, text, at)
	case wantCommaArray:
		switch kind {
		case kindComma:
			f.want = wantValue
		case kindRBracket:
			p.pop(at)
		default:
			p.expected(at, "expected ',' or ']'", "expected separator in list")
		}
	case wantFirstKey, wantKey:
		switch {
		case kind == kindString:
			key, ok := p.unquote(text, at)
			if ok {
				f.key, f.want = key, wantColon
			}
		case kind == kindRBrace && f.want == wantFirstKey:
			p.pop(at)
		case p.late:
			f.want = wantStringKey
			p.value(kind, text, at)
		default:
			p.fail(at, "expecting key")
		}
	case wantColon:
		if kind != kindColon {
			p.expected(at, "expecting ':'", "missing : in object pair")
			return
		}
		f.want = wantValue
	case wantCommaObject:
		switch kind {
		case kindComma:
			f.want = wantKey
		case kindRBrace:
			p.pop(at)
		default:
			p.expected(at, "expected ',' or '}'", "expected separator in dict")
		}
	}
}

// expected reports a missing token, which QEMU once called otherwise.
func (p *Parser) expected(at position, now, once string) {
	if p.late {
		now = once
	}
	p.fail(at, now)
}

// value takes a token that must begin a value.
func (p *Parser) value(kind byte, text []byte, at position) {
	switch kind {
	case kindLBrace:
		p.stack = append(p.stack, frame{object: p.arena.object(), want: wantFirstKey})
	case kindLBracket:
		p.stack = append(p.stack, frame{array: []any{}, want: wantFirstValue})
	case kindString:
		if s, ok := p.unquote(text, at); ok {
			p.complete(p.arena.box(s), at)
		}
	case kindInteger:
		p.complete(integer(text), at)
	case kindFloat:
		p.complete(float(text), at)
	case kindKeyword:
		switch string(text) {
		case "null":
			p.complete(nil, at)
		case "true":
			p.complete(true, at)
		case "false":
			p.complete(false, at)
		default:
			p.fail(at, "invalid keyword '"+string(text)+"'")
		}
	default:
		p.fail(at, "expecting value")
	}
}

// pop closes the innermost array or object.
func (p *Parser) pop(at position) {
	f := p.stack[len(p.stack)-1]
	p.stack[len(p.stack)-1] = frame{}
	p.stack = p.stack[:len(p.stack)-1]
	if f.object != nil {
		p.complete(f.object, at)
		return
	}
	p.complete(f.array, at)
}

// complete puts a finished value into what it belongs to. at is the place of the
// value's last token: a duplicate key is noticed only now.
func (p *Parser) complete(v any, at position) {
	if len(p.stack) == 0 {
		p.emit(v, nil)
		return
	}
	f := &p.stack[len(p.stack)-1]
	if f.object == nil {
		f.array = append(f.array, v)
		f.want = wantCommaArray
		return
	}
	if f.want == wantStringKey {
		p.fail(at, "key is not a string in object")
		return
	}
	if f.object.Has(f.key) {
		p.fail(at, "duplicate key")
		return
	}
	f.object.add(f.key, v)
	f.want = wantCommaObject
}

// unquote turns the text of a string token, quotes included, into its value.
func (p *Parser) unquote(text []byte, at position) (string, bool) {
	s, fault := p.arena.unquote(text)
	if fault != "" {
		p.fail(at, fault)
		return "", false
	}
	return s, true
}
