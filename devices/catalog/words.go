package catalog

import (
	"regexp"
	"strings"
)

// wording is how errors read in earlier versions.
type wording struct {
	last  [2]int // the last version that was seen to say so, major and minor
	now   string // a regular expression for all of QEMU 11.1's text
	words string // what they said; "${1}" is a part of it
}

// wordings were found by giving the same programs to QEMU 11.1.3 and 7.2.22.
// What differs in more than words is up to those who say it.
var wordings = []wording{
	{[2]int{7, 2}, `machine does not provide NMIs`, "this feature or command is not currently supported"},
	{[2]int{7, 2}, `machine does not support hot-plugging CPUs`, "The feature 'query-hotpluggable-cpus' is not enabled"},
	{[2]int{7, 2}, `migrate-pause is currently only supported during postcopy-active or postcopy-recover state`,
		"migrate-pause is currently only supported during postcopy-active state"},
	{[2]int{7, 2}, `Option (.*) expects (.*)`, "Parameter '${1}' expects ${2}"}, // and with underscores
	{[2]int{7, 2}, `unknown migration protocol: .*`, "Parameter 'uri' expects a valid migration protocol"},
	{[2]int{7, 2}, `(Invalid CPU \[socket: -?[0-9]+, die: -?[0-9]+), module: -?[0-9]+(, .*)`, "${1}${2}"},
	{[2]int{7, 2}, `(Property '.*' can't take value '.*'): chardev '(.*)' is already in use`, "${1}: Device '${2}' is in use"},
	{[2]int{7, 2}, `Cannot delete host memory backend '(.*)' which is mapped`, "object '${1}' is in use, can not be deleted"},
	{[2]int{7, 2}, `Parameter 'value' expects a size`, "Parameter 'target' expects a size"},
	{[2]int{7, 2}, `parameter 'protocol' must start with 'file:' or 'fd:'`, "Invalid parameter 'protocol'"},
	{[2]int{7, 2}, `Path (.*) is not a realized VirtIODevice`, "Path ${1} is not a VirtIODevice"},
	{[2]int{7, 2}, `this (virtio based memory devices cannot be unplugged)`, "${1}."},
	{[2]int{7, 2}, `(.*)'reconnect-ms' (option is incompatible with .*)`, "${1}'reconnect' ${2}"},
	{[2]int{7, 2}, `Value '-.*' is out of range for parameter '(.*)'`, `Parameter '${1}' expects a non-negative number below 2^64
Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-
and exabytes, respectively.`},
	{[2]int{7, 2}, `(Size of a CXL fixed memory window must )be( a multiple of 256MiB)`, "${1}my${2}"},
	{[2]int{7, 2}, `unsupported machine type: ".*"(\n.*)?`, "unsupported machine type${1}"},
	{[2]int{7, 2}, `at least one (memdev property must be set)`, "${1}"},
	{[2]int{7, 2}, `(books|drawers) > 1 not supported by this machine's CPU topology`, "Parameter 'smp.${1}' is unexpected"},
	{[2]int{7, 2}, `(Display '.*' is not available\.) Perhaps .*`, "${1}"},
	{[2]int{7, 2}, `([a-z]+) > 1 (not supported by this machine's CPU topology)`, "${1} ${2}"},
	{[2]int{7, 2}, `(Invalid CPU topology: .*) \* modules \(1\)(.*)`, "${1}${2}"},
	{[2]int{7, 2}, `(OpenGL is not supported by )display backend '.*'`, "${1}the display"},
	{[2]int{7, 2}, `[0-9]+:[0-9]+: (JSON parse error, premature )end of input`, "${1}EOI"},
	{[2]int{7, 2}, `[0-9]+:[0-9]+: (JSON parse error, .*)`, "${1}"},
	{[2]int{7, 2}, `Parameter 'channel-type' does not accept value '(.*)'`, "unknown migration protocol: ${1}"},
	{[2]int{7, 2}, `Could not open '/dev/vhost-vsock': (.*)`, "vhost-vsock: failed to open vhost device: ${1}"},
	{[2]int{7, 2}, `Can't set file descriptor \d+ non-blocking: Bad file descriptor: (.*)`, "vhost-vsock: unable to set non-blocking mode: ${1}"},
	{[2]int{7, 2}, `(\S*) is not a device`, "${1} is not a hotpluggable device"},
}

// compiled is a wording whose expression is.
type compiled struct {
	now   *regexp.Regexp
	words string
}

// UpTo reports whether the catalog's version is that one or an earlier one.
func (c *Catalog) UpTo(major, minor int) bool {
	v := c.Version()
	return v.Major < major || v.Major == major && v.Minor <= minor
}

// Words returns the text of an error, which is QEMU 11.1's, as the catalog's
// version puts it.
func (c *Catalog) Words(text string) string {
	c.wordsOnce.Do(func() {
		for _, w := range wordings {
			if c.UpTo(w.last[0], w.last[1]) {
				c.words = append(c.words, compiled{regexp.MustCompile(`(?s)^` + w.now + `$`), w.words})
			}
		}
	})
	for _, w := range c.words {
		if !w.now.MatchString(text) {
			continue
		}
		words := w.now.ReplaceAllString(text, w.words)
		if strings.HasPrefix(text, "Option ") {
			words = strings.ReplaceAll(words, "-", "_")
		}
		return words
	}
	return text
}
