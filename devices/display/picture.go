package display

import (
	"bufio"
	"fmt"
	"image"
	"image/png"
	"io"

	"github.com/qomd/qomd/devices/qdev"
	"github.com/qomd/qomd/qom"
)

// The size of the picture of a screen that no guest has set up.
const idleWidth, idleHeight = 640, 480

// HasScreen reports whether there is a screen of an adapter and head; nil asks
// for any adapter's. consoles is the container that [MakeConsoles] filled.
func HasScreen(consoles *qom.Object, adapter *qdev.Device, head int) bool {
	for _, o := range consoles.Children() {
		if s, ok := o.Self().(*screen); ok && (adapter == nil || s.adapter == adapter && s.head == head) {
			return true
		}
	}
	return false
}

// WritePicture writes what a screen shows, in the format "ppm" or "png". It is
// black: no guest draws. QEMU tells so in letters on the same ground.
func WritePicture(w io.Writer, format string) error {
	if format == "png" {
		return png.Encode(w, image.NewGray(image.Rect(0, 0, idleWidth, idleHeight)))
	}
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "P6\n%d %d\n255\n", idleWidth, idleHeight)
	b.Write(make([]byte, 3*idleWidth*idleHeight))
	return b.Flush()
}
