package block

import (
	"bytes"
	"syscall"

	"github.com/qomd/qomd/qmp/qjson"
)

// probeLength is how much of a file tells its format.
const probeLength = 512

// magics are what images of a format begin with, at an offset. Formats that have
// no driver here are known too: their images are no disks.
var magics = []struct {
	format string
	at     int
	magic  string
}{
	{"qcow", 0, "QFI\xfb\x00\x00\x00\x01"},
	{"qcow2", 0, "QFI\xfb"},
	{"vmdk", 0, "KDMV"},
	{"vmdk", 0, "COWD"},
	{"vmdk", 0, "# Disk DescriptorFile"},
	{"vdi", 0x40, "\x7f\x10\xda\xbe"},
	{"vpc", 0, "conectix"},
	{"vhdx", 0, "vhdxfile"},
	{"luks", 0, "LUKS\xba\xbe"},
	{"qed", 0, "QED\x00"},
	{"bochs", 0, "Bochs Virtual HD Image\x00"},
	{"cloop", 0, "#!/bin/sh\n#V2.0 Format\nmodprobe cloop file=$0 && mount -r -t iso9660 /dev/cloop $1\n"},
	{"parallels", 0, "WithoutFreeSpace"},
	{"parallels", 0, "WithouFreSpacExt"},
}

// formatOf tells the format of an image by its first bytes.
func formatOf(p []byte) string {
	for _, m := range magics {
		if len(p) >= m.at && bytes.HasPrefix(p[m.at:], []byte(m.magic)) {
			return m.format
		}
	}
	return "raw"
}

// probe finds the format of what a protocol node holds.
func (g *Graph) probe(protocol *qjson.Object) (string, error) {
	opts := protocol.Clone()
	opts.Set("read-only", true)
	n, err := g.open(opts, inherited{cache: defaultCache})
	if err != nil {
		return "", err
	}
	defer g.release(n)
	p := make([]byte, min(probeLength, n.img.Size()))
	if _, err := n.img.ReadAt(p, 0); err != nil {
		return "", err
	}
	return formatOf(p), nil
}

// guardFormat refuses what a guest writes to the beginning of a disk that was taken
// for a raw one, if that would make it another format the next time: the guest
// could then name any file of the host as what is behind it.
func guardFormat(img image, p []byte, off int64) error {
	if off >= probeLength || len(p) == 0 {
		return nil
	}
	begin := make([]byte, min(probeLength, img.Size()))
	if _, err := img.ReadAt(begin, 0); err != nil {
		return err
	}
	if copy(begin[min(off, int64(len(begin))):], p); formatOf(begin) != "raw" {
		return syscall.EPERM
	}
	return nil
}

// warnProbed tells that a disk was taken for a raw one. QEMU prints it without the
// program's name in front.
const warnProbed = "WARNING: Image format was not specified for '%s' and probing guessed raw.\n" +
	"         Automatically detecting the format is dangerous for raw images, write operations on block 0 will be restricted.\n" +
	"         Specify the 'raw' format explicitly to remove the restrictions.\n"
