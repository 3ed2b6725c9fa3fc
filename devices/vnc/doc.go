// Package vnc serves the display of a machine that has none: clients of the RFB
// protocol (RFC 6143) connect, negotiate, and see a screen that stays black. What
// they type and where they point is read and dropped.
//
// There is no authentication and no encryption: a configuration that asks for one
// is refused.
package vnc
