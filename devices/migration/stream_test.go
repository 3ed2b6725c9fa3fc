package migration

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

func stream(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := writeMagic(&b); err != nil {
		t.Fatal(err)
	}
	p := appendRecord(b.Bytes(), recordHeader, []byte(`{"machine":"pc-q35-11.1","blocks":[{"name":"pc.ram","size":8192}]}`))
	p = appendRecord(p, recordPages, place{0, 4096}.encode(), make([]byte, 4096))
	p = appendRecord(p, recordState, []byte(`{"plan":[],"sections":[]}`))
	return appendRecord(p, recordEnd)
}

// readAll reads a stream to its end and returns the types of its records.
func readAll(r io.Reader) (types string, err error) {
	if err := readMagic(r); err != nil {
		return "", err
	}
	for {
		typ, _, err := readRecord(r)
		if err != nil {
			return types, err
		}
		types += string(rune(typ))
		if typ == recordEnd {
			return types, nil
		}
	}
}

func TestStream(t *testing.T) {
	whole := stream(t)
	if types, err := readAll(bytes.NewReader(whole)); err != nil || types != "HMSE" {
		t.Errorf("%q, %v", types, err)
	}
	for n := range whole {
		_, err := readAll(bytes.NewReader(whole[:n]))
		var e *loadError
		if !errors.As(err, &e) || e.kind != "Input/output error" {
			t.Fatalf("cut after %d bytes: %v", n, err)
		}
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 0x40
		if _, err := readAll(bytes.NewReader(bad)); err == nil {
			t.Fatalf("a bit of byte %d was turned and nobody saw", i)
		}
	}
}

func TestMagic(t *testing.T) {
	for text, want := range map[string]string{
		"hi there": "load of migration failed: Invalid argument: Not a migration stream, magic: 68692074 != 514f4d44",
		"QOMD\x00\x00\x00\x09": "load of migration failed: Operation not supported: Unsupported migration stream version, " +
			"file version 9 != 2",
		"QO": "load of migration failed: Input/output error: the stream ends early",
		"":   "load of migration failed: Input/output error: the stream ends early",
	} {
		if err := readMagic(strings.NewReader(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func FuzzStream(f *testing.F) {
	f.Add(stream(f))
	f.Add([]byte("QOMD\x00\x00\x00\x01H\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, p []byte) {
		_, err := readAll(bytes.NewReader(p))
		var e *loadError
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%v is no error of the stream", err)
		}
	})
}
