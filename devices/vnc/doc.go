// Package vnc serves the display of a machine that has none: clients of the RFB
// protocol (RFC 6143) connect, by themselves or within a WebSocket, in the clear or
// within TLS (VeNCrypt), prove that they know the password if there is one, and see
// a screen that stays black. What they type and where they point goes to the
// machine's [input.Panel]: a keyboard of the US, whose keys are known by the symbols
// that clients send (there are no extended key events), and a pointer that goes to
// its place, or by as much as it moved where the guest has no tablet.
package vnc
