// Package build makes catalog files: it reads what a QEMU said of itself, as a
// folder of JSON files or as a Source filled in by a program, and writes the
// compact form that package catalog opens.
package build
