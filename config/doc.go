// Package config reads the description of machines.
//
// There is one description, the structs [Config] and [Machine], and several
// spellings of it:
//
//   - a file in YAML, TOML or JSON, see [Load],
//   - variables QOMD_… of the environment, see [Environment],
//   - the command line of qemu-system-x86_64, see [ParseArgs],
//   - the file format of its option -readconfig, see [ReadConfig].
//
// Whatever the spelling, the same machine becomes the same structs before
// anything is built, so that nothing behind this package knows or cares how a
// machine was written down. The only trace is [Origin], which is there for
// error messages and takes no part in comparisons.
//
// # Text and types
//
// The properties of devices and objects are kept in the order in which they
// were written, as text, the way QEMU's key=value syntax has them: "on", "1",
// "64M". Only where the text came as JSON (or has lists and maps in it, which
// have no text form) are the values typed; FromJSON then says so, because QEMU
// is strict with those: a number must be a number.
//
// # Strictness
//
// A key nobody knows, a value of the wrong kind, and a number that would not
// survive being read as a number (1.10, 0123) are refused with the place where
// they stand. All mistakes of a file are reported together.
package config
