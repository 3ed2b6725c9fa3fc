// Package object makes and removes the objects that users may create beside
// devices: object-add, object-del and -object.
package object
