package machine

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The header of a file that QEMU 11.1.3 has written with 22050 Hz, 8 bits, mono.
func TestWaveHeader(t *testing.T) {
	want := "RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x22\x56\x00\x00\x22\x56\x00\x00\x01\x00\x08\x00data\x00\x00\x00\x00"
	got := Wave{Frequency: 22050, Bits: 8, Channels: 1}.header()
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
