// Package build makes catalog files: it writes what a QEMU said of itself,
// gathered in a Source, in the compact form that package catalog opens. It also
// tells how catalogs differ.
package build
