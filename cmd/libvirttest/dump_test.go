package libvirttest

import (
	"os"
	"strings"
	"testing"
)

// A domain's memory is written to files of the formats that there are, what cannot
// be written is told, and the domain goes on after either.
func TestDump(t *testing.T) {
	t.Parallel()
	c := connect(t)
	c.start("dump", "")
	file := c.root + "/files/core"
	for format, begin := range map[string]string{"elf": "\x7fELF", "kdump-zlib": "makedumpfile"} {
		c.run("dump dump %s --memory-only --format %s", file, format)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(string(text), begin) {
			t.Errorf("%s begins with %q", format, text[:min(16, len(text))])
		}
		c.eventually("running", "domstate dump")
	}
	for _, format := range []string{"kdump-lzo", "win-dmp"} {
		c.fails("unsupported dumpformat '"+format+"'", "dump dump %s --memory-only --format %s", file, format)
	}
	c.fails("No such file or directory", "dump dump %s/nowhere/core --memory-only", c.root)
	c.eventually("running", "domstate dump")
	c.run("dump dump %s", file) // as a migration
	c.eventually("running", "domstate dump")
}
