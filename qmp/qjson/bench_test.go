package qjson_test

import (
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
)

const command = `{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/x0", "property": "realized"}, "id": "lv-42"}` + "\n"

func BenchmarkParse(b *testing.B) {
	p := qjson.NewParser()
	text := []byte(command)
	emit := func(v any, err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		p.Feed(text, emit)
	}
}

func BenchmarkAppendObject(b *testing.B) {
	v, err := qjson.Parse([]byte(command))
	if err != nil {
		b.Fatal(err)
	}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = qjson.Append(buf[:0], v, false)
	}
}

func BenchmarkAppendStruct(b *testing.B) {
	v := struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Size *int   `json:"size,omitempty"`
	}{Name: "realized", Type: "bool"}
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = qjson.Append(buf[:0], &v, false)
	}
}
