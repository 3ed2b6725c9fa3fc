package hmp

import "fmt"

// expressionRows are the commands that only calculate.
func expressionRows() []*command {
	return []*command{{
		names: "print|p", args: "fmt:/,val:l", params: "/fmt expr", help: "print the value of an expression",
		run: func(r *run) error {
			f, v := r.args["fmt"].(format), r.args.number("val")
			switch f.letter {
			case 'o':
				r.printf("%#o", uint64(v))
			case 'x':
				if v == 0 {
					r.printf("0") // as C's %#x
				} else {
					r.printf("%#x", uint64(v))
				}
			case 'u':
				r.printf("%d", uint64(v))
			case 'c':
				r.printf("%s", quotedChar(v))
			default:
				r.printf("%d", v)
			}
			r.printf("\n")
			return nil
		},
	}}
}

// quotedChar writes a character as a constant of C.
func quotedChar(c int64) string {
	switch c {
	case '\'':
		return `'\''`
	case '\\':
		return `'\\'`
	case '\n':
		return `'\n'`
	case '\r':
		return `'\r'`
	}
	if c >= 32 && c <= 126 {
		return fmt.Sprintf("'%c'", rune(c))
	}
	return fmt.Sprintf("'\\x%02x'", uint32(c))
}
