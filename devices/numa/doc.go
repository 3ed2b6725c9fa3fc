// Package numa is the description of a machine's NUMA nodes: which memory and
// which processors belong to a node, how far nodes are from each other, and what
// a guest would be told of latencies, bandwidths and caches.
//
// It is what -numa and set-numa-node say, one statement after the other, checked
// in QEMU's order and words. It knows no machine: memory backends are names with
// sizes, processors are places in a table.
package numa
