package schema

import (
	"testing"

	"github.com/qomd/qomd/qmp/qjson"
)

// A variant that was added is checked and told like those of the text.
func TestAddVariant(t *testing.T) {
	s := New(func() ([]byte, error) {
		return []byte(`[
{"name":"make","meta-type":"command","arg-type":"1","ret-type":"0"},
{"name":"1","meta-type":"object","members":[{"name":"kind","type":"2"}],"tag":"kind","variants":[{"case":"a","type":"0"}]},
{"name":"2","meta-type":"enum","members":[{"name":"a"}],"values":["a"]},
{"name":"0","meta-type":"object","members":[]},
{"name":"b-properties","meta-type":"object","members":[{"name":"size","type":"str"}]},
{"name":"str","meta-type":"builtin","json-type":"string"}
]`), nil
	})
	s.AddVariant("make", "kind", "b", "b-properties")
	s.AddVariant("unknown", "kind", "b", "b-properties")
	for _, tc := range []struct{ args, want string }{
		{`{"kind": "a"}`, ""},
		{`{"kind": "b", "size": "1"}`, ""},
		{`{"kind": "b"}`, "Parameter 'size' is missing"},
		{`{"kind": "a", "size": "1"}`, "Parameter 'size' is unexpected"},
		{`{"kind": "c"}`, "Parameter 'kind' does not accept value 'c'"},
	} {
		v, err := qjson.Parse([]byte(tc.args))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if err := s.CheckArguments("make", v.(*qjson.Object)); err != nil {
			got = err.Error()
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.args, got, tc.want)
		}
	}
	list, err := s.Subset([]string{"make"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 6 {
		t.Errorf("%d entries are told, want all 6", len(list))
	}
}
