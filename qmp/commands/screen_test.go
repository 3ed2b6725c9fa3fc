package commands_test

import (
	"os"
	"testing"

	"github.com/qomd/qomd/qmp/qmptest"
)

// A picture that does not fit is reported as QEMU does; a device that it was
// written to stays.
func TestScreendumpFull(t *testing.T) {
	const full = "/dev/full"
	if st, err := os.Stat(full); err != nil || st.Mode()&os.ModeCharDevice == 0 {
		t.Skip("no " + full)
	}
	c := qmptest.Start(t, qmptest.Q35(), qmptest.Device("VGA")).Client()
	for format, want := range map[string]string{"ppm": "Unable to write to file", "png": "PNG creation failed. Unable to close file"} {
		want += ": No space left on device"
		if got := c.MustFail("screendump", qmptest.A{"filename": full, "format": format}); got != want {
			t.Errorf("%s: %q", format, got)
		}
	}
	if _, err := os.Stat(full); err != nil {
		t.Error(err)
	}
}
