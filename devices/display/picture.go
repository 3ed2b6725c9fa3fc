package display

import (
	"bufio"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"

	"github.com/qomd/qomd/devices/qdev"
)

// The size of the picture of a screen that no guest has set up.
const idleWidth, idleHeight = 640, 480

// HasScreen reports whether an adapter on a bus, or below it, has a screen of
// that number; nil asks for any adapter.
func HasScreen(bus *qdev.Bus, adapter *qdev.Device, head int) bool {
	return slices.ContainsFunc(adapters(bus, nil), func(d *qdev.Device) bool {
		return (adapter == nil || adapter == d) && head >= 0 && head < heads(d)
	})
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
