package format_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/qomd/qomd/devices/catalog/format"
)

func sample(t *testing.T) []byte {
	t.Helper()
	w := format.NewWriter()
	var r format.Record
	r.Ref(w.String("a"))
	r.Ref(-1)
	r.Uint(math.MaxUint64)
	r.Int(math.MinInt64)
	r.Int(-1)
	w.Table(format.Props, [][]byte{r, nil})
	if err := w.Deflate(format.Schema, bytes.Repeat([]byte("schema "), 100)); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

func TestRoundTrip(t *testing.T) {
	f, err := format.Open(string(sample(t)), true)
	if err != nil {
		t.Fatal(err)
	}
	strings, props := f.Table(format.Strings), f.Table(format.Props)
	if props.Len() != 2 || strings.Len() != 1 {
		t.Fatalf("%d records, %d strings", props.Len(), strings.Len())
	}
	c := props.At(0)
	if got := strings.String(c.Ref(strings.Len())); got != "a" {
		t.Errorf("string is %q", got)
	}
	if got := c.Ref(strings.Len()); got != -1 {
		t.Errorf("no reference is %d", got)
	}
	if got := c.Uint(); got != math.MaxUint64 {
		t.Errorf("unsigned number is %d", got)
	}
	if a, b := c.Int(), c.Int(); a != math.MinInt64 || b != -1 {
		t.Errorf("signed numbers are %d, %d", a, b)
	}
	if c.Bad() || c.Len() != 0 {
		t.Error("the record does not end where it should")
	}
	if c.Uint() != 0 || !c.Bad() {
		t.Error("reading past the end goes unnoticed")
	}
	plain, err := f.Bytes(format.Schema)
	if err != nil || !bytes.Equal(plain, bytes.Repeat([]byte("schema "), 100)) {
		t.Errorf("compressed section: %q, %v", plain, err)
	}
}

func TestMissing(t *testing.T) {
	f, err := format.Open(string(sample(t)), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Bytes(format.Machines); !errors.Is(err, format.ErrFormat) {
		t.Errorf("missing section: %v", err)
	}
	if n := f.Table(format.Machines).Len(); n != 0 {
		t.Errorf("missing table has %d records", n)
	}
	if n := f.Table(format.Schema).Len(); n != 0 {
		t.Errorf("a compressed section is a table of %d records", n)
	}
	if got := f.Table(format.Props).String(2); got != "" {
		t.Errorf("record past the end: %q", got)
	}
}

// TestDamage flips every byte: the checksum notices, and reading on regardless
// must not panic.
func TestDamage(t *testing.T) {
	good := sample(t)
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0xff
		if _, err := format.Open(string(bad), true); err == nil {
			t.Errorf("byte %d: damage went unnoticed", i)
		}
		f, err := format.Open(string(bad), false)
		if err != nil {
			continue
		}
		for id := uint32(0); id < 16; id++ {
			if table := f.Table(id); table.Len() > 0 {
				c := table.At(table.Len() - 1)
				c.Count()
				c.Ref(3)
			}
			if b, err := f.Bytes(id); err != nil && b != nil {
				t.Errorf("byte %d: an error with content", i)
			}
		}
	}
}

func TestFill(t *testing.T) {
	// Nine truth values take two numbers of the record.
	tmpl := `{"a":` + strings.Repeat("\x01,", 9) + "\x02,null,\x02}"
	w := format.NewWriter()
	var r format.Record
	r.Fill([]bool{true, false, false, false, false, false, true, false, true}, []int{w.String("12"), w.String(`"x"`)})
	w.Table(format.CPUExpansions, [][]byte{r})
	f, err := format.Open(string(w.Bytes()), true)
	if err != nil {
		t.Fatal(err)
	}
	c := f.Table(format.CPUExpansions).At(0)
	want := `{"a":true,false,false,false,false,false,true,false,true,12,null,"x"}`
	if got := c.Fill(tmpl, f.Table(format.Strings)); string(got) != want || c.Bad() || c.Len() != 0 {
		t.Errorf("filled: %s, want %s", got, want)
	}
}

func TestEarlierVersion(t *testing.T) {
	old := "qomcat1\x00" + string(sample(t))[8:]
	if _, err := format.Open(old, true); !errors.Is(err, format.ErrFormat) || !strings.Contains(err.Error(), "capture it again") {
		t.Errorf("a file of an earlier version: %v", err)
	}
}
