package build

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/qomd/qomd/devices/catalog"
	"github.com/qomd/qomd/devices/catalog/format"
)

// cpus packs the CPU models.
func (e *encoder) cpus(list []catalog.CPUDefinition) {
	var records [][]byte
	for _, d := range list {
		var r format.Record
		e.str(&r, d.Name)
		e.str(&r, d.Typename)
		e.str(&r, d.AliasOf)
		r.Uint(bits(d.Static, d.MigrationSafe, d.Deprecated))
		e.strs(&r, d.UnavailableFeatures)
		records = append(records, r)
	}
	e.w.Table(format.CPUDefinitions, records)
}

// expansions packs the recorded answers about CPU models: hundreds of objects
// with hundreds of members each, which differ in their values.
func (e *encoder) expansions(list []catalog.CPUExpansion) error {
	var records, templates [][]byte
	known := map[string]int{}
	for _, x := range list {
		text, bools, others, err := template(x.Reply)
		if err != nil {
			return fmt.Errorf("CPU model %s: %w", x.Model, err)
		}
		n, ok := known[text]
		if !ok {
			n = len(templates)
			known[text] = n
			templates = append(templates, []byte(text))
		}
		refs := make([]int, len(others))
		for i, o := range others {
			refs[i] = e.w.String(o)
		}
		var r format.Record
		e.str(&r, x.Model)
		e.str(&r, x.Type)
		r.Ref(n)
		r.Fill(bools, refs)
		records = append(records, r)
	}
	e.w.Table(format.CPUExpansions, records)
	e.w.Table(format.Templates, templates)
	return nil
}

// template takes the scalars out of a JSON text: the truth values, and the texts
// of numbers and strings.
func template(raw json.RawMessage) (text string, bools []bool, others []string, err error) {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return "", nil, nil, err
	}
	plain := b.Bytes()
	d := json.NewDecoder(bytes.NewReader(plain))
	d.UseNumber()
	var out []byte
	for {
		from := d.InputOffset()
		token, err := d.Token()
		if err != nil {
			break // the end: the text is valid
		}
		piece := plain[from:d.InputOffset()]
		scalar := bytes.TrimLeft(piece, ",:")
		out = append(out, piece[:len(piece)-len(scalar)]...)
		next := d.InputOffset()
		switch v := token.(type) {
		case bool:
			bools = append(bools, v)
			out = append(out, format.MarkBool)
		case string, json.Number:
			if int(next) < len(plain) && plain[next] == ':' { // the name of a member
				out = append(out, scalar...)
				break
			}
			others = append(others, string(scalar))
			out = append(out, format.MarkOther)
		default:
			out = append(out, scalar...)
		}
	}
	return string(out), bools, others, nil
}
