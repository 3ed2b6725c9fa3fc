package format

import "strings"

// Templates hold JSON texts that differ in their scalars only. In the text of a
// template, each scalar that is not null is one of these bytes, which JSON text
// never has.
const (
	MarkBool  byte = 1 // false or true
	MarkOther byte = 2 // a number or a string
)

// boolsPerNumber is how many truth values one number of a record holds: as many
// as fit in a byte of it.
const boolsPerNumber = 7

// Fill appends the scalars that fill a template: truth values, and references to
// the texts of the others, in the template's order.
func (r *Record) Fill(bools []bool, others []int) {
	for len(bools) > 0 {
		var v uint64
		n := min(len(bools), boolsPerNumber)
		for i, b := range bools[:n] {
			if b {
				v |= 1 << i
			}
		}
		r.Uint(v)
		bools = bools[n:]
	}
	for _, o := range others {
		r.Ref(o)
	}
}

// Fill reads the scalars of a template from the record, as [Record.Fill] wrote
// them, and returns the JSON text. texts is the table of the others.
func (c *Cursor) Fill(template string, texts Table) []byte {
	bools := make([]uint64, (strings.Count(template, string(rune(MarkBool)))+boolsPerNumber-1)/boolsPerNumber)
	for i := range bools {
		bools[i] = c.Uint()
	}
	out := make([]byte, 0, len(template)+len(template)/4)
	n := 0
	for i := range len(template) {
		switch template[i] {
		case MarkBool:
			if bools[n/boolsPerNumber]>>(n%boolsPerNumber)&1 != 0 {
				out = append(out, "true"...)
			} else {
				out = append(out, "false"...)
			}
			n++
		case MarkOther:
			out = append(out, texts.String(c.Ref(texts.Len()))...)
		default:
			out = append(out, template[i])
		}
	}
	return out
}
