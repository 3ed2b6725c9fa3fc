package qom_test

import (
	"strconv"
	"testing"

	"github.com/qomd/qomd/qom"
)

func TestParseNumbers(t *testing.T) {
	for _, tc := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"0", 0, true}, {"12", 12, true}, {"-12", -12, true}, {"+5", 5, true}, {"0x10", 16, true}, {"-0x10", -16, true},
		{"010", 8, true}, {" 7", 7, true}, {"9223372036854775807", 1<<63 - 1, true}, {"-9223372036854775808", -1 << 63, true},
		{"9223372036854775808", 0, false}, {"", 0, false}, {"-", 0, false}, {"1x", 0, false}, {"0x", 0, false},
		{"1 ", 0, false}, {"--1", 0, false}, {"1.5", 0, false}, {"08", 0, false}, {"0b101", 5, true}, {"0b", 0, false},
	} {
		if got, err := qom.ParseInt(tc.text); (err == nil) != tc.ok || got != tc.want {
			t.Errorf("ParseInt(%q) = %d, %v", tc.text, got, err)
		}
	}
	for _, tc := range []struct {
		text string
		want uint64
		ok   bool
	}{
		{"0", 0, true}, {"1k", 1024, true}, {"1K", 1024, true}, {"1.5K", 1536, true}, {"2M", 2 << 20, true}, {"16E", 0, false},
		{"15E", 15 << 60, true}, {"3B", 3, true}, {"0x20", 32, true}, {"0x20K", 0, false}, {"1.5", 0, false}, {"x", 0, false},
		{"-1", 0, false}, {"", 0, false}, {"K", 0, false}, {"18446744073709551615", 1<<64 - 1, true}, {"1Q", 0, false},
		{".5K", 512, true}, {"1.", 1, true}, {"1.k", 1024, true}, {"1.0", 1, true}, {"08", 8, true}, {"010", 10, true}, {"+5", 5, true},
		{"5kk", 0, false}, {"0b1", 0, false}, {"1e3", 0, false}, {"0x", 0, false}, {".", 0, false}, {".5", 0, false},
		{"0.0001k", 0, true}, {"15.999999E", 18446742920788046976, true},
	} {
		if got, err := qom.ParseSize(tc.text); (err == nil) != tc.ok || got != tc.want {
			t.Errorf("ParseSize(%q) = %d, %v", tc.text, got, err)
		}
	}
}

// Whatever comes, the parsers answer, agree with each other, and read what
// they can print.
func FuzzNumbers(f *testing.F) {
	for _, s := range []string{"0", "-1", "0x1f", "1.5K", "99999999999999999999", "1E", "+", "0b1", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := qom.ParseInt(s); err == nil {
			if u, err := qom.ParseUint(s); err != nil || u != uint64(n) {
				t.Errorf("%q: %d as signed, %d, %v as unsigned", s, n, u, err)
			}
			if back, err := qom.ParseInt(strconv.FormatInt(n, 10)); err != nil || back != n {
				t.Errorf("%d reads back as %d, %v", n, back, err)
			}
		}
		if n, err := qom.ParseSize(s); err == nil {
			if back, err := qom.ParseSize(strconv.FormatUint(n, 10)); err != nil || back != n {
				t.Errorf("%d reads back as %d, %v", n, back, err)
			}
		}
	})
}
