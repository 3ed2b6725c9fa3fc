// Package vnc serves the display of a machine that has none: clients of the RFB
// protocol (RFC 6143) connect, by themselves or within a WebSocket, in the clear or
// within TLS (VeNCrypt), prove that they know the password if there is one, and see
// a screen that stays black. What they type and where they point is read and
// dropped.
package vnc
