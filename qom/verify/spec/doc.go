// Package spec holds the protocol of the object core's two counters as a model
// for spin, storage.pml. Its test has spin explore the model, as it is and with
// each of the mistakes that package verify makes the core commit.
package spec
