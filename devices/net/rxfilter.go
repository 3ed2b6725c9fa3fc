package net

import (
	"fmt"

	"github.com/qomd/qomd/devices/qdev"
)

// RxFilter is which frames a card takes; QEMU's RxFilterInfo.
type RxFilter struct {
	Name              string   `json:"name"`
	Promiscuous       bool     `json:"promiscuous"`
	Multicast         string   `json:"multicast"`
	Unicast           string   `json:"unicast"`
	VLAN              string   `json:"vlan"`
	BroadcastAllowed  bool     `json:"broadcast-allowed"`
	MulticastOverflow bool     `json:"multicast-overflow"`
	UnicastOverflow   bool     `json:"unicast-overflow"`
	MainMAC           string   `json:"main-mac"`
	VLANTable         []int64  `json:"vlan-table"`
	UnicastTable      []string `json:"unicast-table"`
	MulticastTable    []string `json:"multicast-table"`
}

// Filtering is a model with a filter that its driver sets; the device's struct
// implements it. Name and main address are filled in.
type Filtering interface{ RxFilter() RxFilter }

// RxFilters answers the filter of the card called name, or of all that have one
// where name is nil.
func (s *Stack) RxFilters(name *string) ([]RxFilter, error) {
	list := []RxFilter{}
	found := false
	for _, n := range s.cards() {
		if name != nil && n.name != *name {
			continue
		}
		found = true
		f, ok := n.filter()
		if ok {
			list = append(list, f)
		} else if name != nil {
			return nil, fmt.Errorf("net client(%s) doesn't support rx-filter querying", *name)
		}
	}
	switch {
	case name == nil || found:
		return list, nil
	case s.find(*name) != nil:
		return nil, fmt.Errorf("net client(%s) isn't a NIC", *name)
	}
	return nil, fmt.Errorf("invalid net client name: %s", *name)
}

// filter returns the filter of a card. A virtio-net whose model keeps none takes
// everything, like one whose driver has not spoken yet.
func (n *card) filter() (RxFilter, bool) {
	var f RxFilter
	switch m, ok := n.dev.Self().(Filtering); {
	case ok:
		f = m.RxFilter()
	case n.dev.TypeName() == "virtio-net-device":
		f = openFilter()
	default:
		return f, false
	}
	f.Name, f.MainMAC = n.name, n.mac()
	if m, ok := n.dev.Self().(interface{ MAC() qdev.MAC }); ok {
		f.MainMAC = m.MAC().String()
	}
	return f, true
}

// vlans is how many VLANs there are.
const vlans = 1 << 12

// openFilter is the filter of virtio-net after a reset.
func openFilter() RxFilter {
	f := RxFilter{
		Promiscuous: true, Multicast: "normal", Unicast: "normal", VLAN: "all",
		VLANTable: make([]int64, vlans), UnicastTable: []string{}, MulticastTable: []string{},
	}
	for i := range f.VLANTable {
		f.VLANTable[i] = int64(vlans - 1 - i)
	}
	return f
}
