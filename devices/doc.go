// Package devices brings the facts of a catalog and the code of the device
// models together: [NewTypes] makes the set of types a machine is built from.
//
// Facts are data, behaviour is Go. Every type of the catalog is there, with its
// parents, interfaces, properties and defaults; packages below add behaviour by
// type name. A type without code of its own acts as its nearest ancestor that
// has some, so that every device can at least be plugged, validated and
// unplugged.
package devices
