package qjson_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/qomd/qomd/qmp/qjson"
)

type base struct {
	Driver string `json:"driver"`
	ID     string `json:"id,omitempty"`
}

type level string

type sample struct {
	base
	*Extra
	Count  uint8           `json:"count"`
	Size   *int64          `json:"size,omitempty"`
	Level  level           `json:"level"`
	Any    any             `json:"any,omitempty"`
	List   []base          `json:"list,omitempty"`
	Map    map[string]int  `json:"map,omitempty"`
	Raw    qjson.Raw       `json:"raw,omitempty"`
	Std    json.RawMessage `json:"std,omitempty"`
	Object *qjson.Object   `json:"object,omitempty"`
	Hidden int             `json:"-"`
}

type Extra struct {
	Extra string `json:"extra"`
}

func TestAppend(t *testing.T) {
	size := int64(7)
	for _, tt := range []struct {
		value any
		want  string
	}{
		{nil, "null"},
		{struct{}{}, "{}"},
		{[]int(nil), "[]"},
		{[2]bool{true, false}, "[true, false]"},
		{map[string]int(nil), "null"},
		{(*sample)(nil), "null"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{int8(-3), "-3"},
		{1e16, "10000000000000000"},
		{1e17, "1e+17"},
		{0.0001, "0.0001"},
		{0.00001, "1.0000000000000001e-05"},
		{math.Inf(-1), "-inf"},
		{math.NaN(), "nan"},
		{"\x00\x7f\u00e9\U0001f600\xff\xe2\x82\ufffe\"\\/", `"\u0000\u007F\u00E9\uD83D\uDE00\uFFFD\uFFFD\uFFFD\"\\/"`},
		{qjson.Raw(`{"b":1}`), `{"b":1}`},
		// Members stand in the order of QEMU's hash table, not of the struct.
		{sample{base: base{Driver: "d"}, Count: 1, Level: "low"}, `{"driver": "d", "level": "low", "count": 1}`},
		{map[string]any{"major": 11, "minor": 1, "micro": 3}, `{"minor": 1, "micro": 3, "major": 11}`},
		{&sample{base: base{"d", "i"}, Extra: &Extra{"e"}, Size: &size, List: []base{{Driver: "x"}}, Object: qjson.NewObject()},
			`{"driver": "d", "id": "i", "extra": "e", "list": [{"driver": "x"}], "level": "", "size": 7, "count": 0, "object": {}}`},
	} {
		got := string(qjson.Append(nil, tt.value, false))
		if v, err := qjson.Parse([]byte(tt.want)); err == nil {
			// Leave the order to the recorded cases in TestParserAsQEMU.
			tt.want = string(qjson.Append(nil, v, false))
			if w, err := qjson.Parse([]byte(got)); err == nil {
				got = string(qjson.Append(nil, w, false))
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%#v (-want +got):\n%s", tt.value, diff)
		}
	}
}

// TestOrder compares objects of all kinds with the order QEMU 11.1.3 gave them.
func TestOrder(t *testing.T) {
	type triple struct {
		Major int `json:"major"`
		Minor int `json:"minor"`
		Micro int `json:"micro"`
	}
	const want = `{"micro": 3, "minor": 1, "major": 11}`
	object := qjson.NewObject(qjson.Member{Name: "major", Value: int64(11)}, qjson.Member{Name: "minor", Value: int64(1)},
		qjson.Member{Name: "micro", Value: int64(3)})
	for _, v := range []any{triple{11, 1, 3}, &triple{11, 1, 3}, object, *object} {
		if got := string(qjson.Append(nil, v, false)); got != want {
			t.Errorf("%T: %s", v, got)
		}
	}
}

func TestPretty(t *testing.T) {
	v := map[string]any{"a": []any{int64(1), qjson.Raw(`{"x":[]}`)}}
	const want = "{\n    \"a\": [\n        1,\n        {\n            \"x\": [\n            ]\n        }\n    ]\n}"
	if diff := cmp.Diff(want, string(qjson.Append(nil, v, true))); diff != "" {
		t.Error(diff)
	}
}

func TestUnmarshal(t *testing.T) {
	parse := func(text string) any {
		v, err := qjson.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var s sample
	err := qjson.Unmarshal(parse(`{"driver":"d","id":"i","extra":"e","count":255,"size":-1,"level":"low","any":[1],
		"list":[{"driver":"x"}],"map":{"k":2},"raw":{"r":null},"object":{"o":1},"unknown":1}`), &s)
	if err != nil {
		t.Fatal(err)
	}
	size := int64(-1)
	want := sample{base: base{"d", "i"}, Extra: &Extra{"e"}, Count: 255, Size: &size, Level: "low", Any: []any{int64(1)},
		List: []base{{Driver: "x"}}, Map: map[string]int{"k": 2}, Raw: qjson.Raw(`{"r": null}`)}
	object := s.Object
	s.Object = nil
	if diff := cmp.Diff(want, s, cmp.AllowUnexported(sample{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v, _ := object.Get("o"); v != int64(1) {
		t.Errorf("object: %v", v)
	}
	for text, want := range map[string]string{
		`[]`:                         "expected object",
		`{"driver": 1}`:              "driver: expected string",
		`{"count": 256}`:             "count: expected uint8",
		`{"count": -1}`:              "count: expected integer",
		`{"count": 1.0}`:             "count: expected integer",
		`{"list": [{"driver": {}}]}`: "list[0].driver: expected string",
		`{"map": {"a": "b"}}`:        "map.a: expected integer",
	} {
		if err := qjson.Unmarshal(parse(text), new(sample)); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var u uint64
	if err := qjson.Unmarshal(int64(-1), &u); err != nil || u != math.MaxUint64 {
		t.Errorf("-1 as uint64: %d, %v", u, err)
	}
	if err := qjson.Unmarshal(int64(1), u); err == nil {
		t.Error("a target that is no pointer passed")
	}
}

func TestObject(t *testing.T) {
	o := &qjson.Object{}
	var names []string
	for i := range 40 { // beyond the size at which it gets an index
		name := string(rune('a'+i%26)) + string(rune('0'+i/26))
		names = append(names, name)
		o.Set(name, i)
	}
	o.Set("c0", "again")
	if !o.Delete("b0") || o.Delete("b0") {
		t.Error("Delete")
	}
	var got []string
	for name := range o.All() {
		got = append(got, name)
	}
	want := append([]string{"a0"}, names[2:]...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v, ok := o.Get("c0"); !ok || v != "again" || o.Has("b0") || o.Len() != 39 {
		t.Errorf("c0 is %v; %d members", v, o.Len())
	}
	c := o.Clone()
	c.Set("new", 1)
	if o.Has("new") || !c.Has("n1") {
		t.Error("Clone")
	}
	var nothing *qjson.Object
	if nothing.Len() != 0 || nothing.Has("x") {
		t.Error("nil object")
	}
}
