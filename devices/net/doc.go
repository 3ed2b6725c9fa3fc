// Package net holds the network backends of a machine, netdev_add's, and what
// the monitors know of its network cards. It corresponds to QEMU's net/
// directory.
//
// A [Client] is one netdev: user, tap, stream, dgram, socket or a port of a hub.
// A card names its netdev in the property "netdev"; [Stack.Netdev] is what
// devices/qdev looks it up with. Any realized device with the properties mac and
// netdev is a card, whether or not its model has code: the link state of one is
// kept here, and a model that wants to know implements [Linked].
//
// # A netdev that goes while a card uses it
//
// netdev_del never refuses. The name is free at once, the card's link goes down,
// and the card keeps the old netdev, with its connection, until the card itself
// is gone.
//
// # Frames
//
// Ethernet frames flow between cards whose models implement [Receiver] and call
// [Stack.Send], hubs, and the backends stream, dgram, socket and tap. The backend
// user checks its options and holds the host's ports it is to forward, but there
// is no network behind it: what is sent to it is lost.
//
// # Concurrency
//
// A [Stack] needs the machine's lock. Connections are made and read on
// goroutines, one for as long as there is a socket, which take the lock to hand
// a frame over. Nothing here blocks with the lock held.
//
// # Limits
//
// vhost-user, vde, l2tpv3, vhost-vdpa and passt are refused, where QEMU has words
// for that with those, as are the helper program and network scripts of tap and
// bridge.
package net
