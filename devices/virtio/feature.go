package virtio

import "github.com/qomd/qomd/qom"

// Features of rings and transport, VIRTIO 1.2 chapter 6, and of the legacy
// interface, section 6.3.
const (
	FeatureNotifyOnEmpty = 24
	FeatureAnyLayout     = 27
	FeatureIndirect      = 28
	FeatureEventIndex    = 29
	featureBad           = 30 // set by drivers that take everything
	FeatureVersion1      = 32
	FeatureAccessPlat    = 33
	FeatureInOrder       = 35
	FeatureRingReset     = 40
)

// Offer adds features, by number, to what the device has.
func (d *Device) Offer(bits ...uint) {
	for _, b := range bits {
		d.offered |= 1 << b
	}
}

// OfferIf adds a feature when a boolean property of the device is on.
func (d *Device) OfferIf(property string, bit uint) {
	if d.StoredBool(property) {
		d.Offer(bit)
	}
}

// Offered reports whether the device has a feature.
func (d *Device) Offered(bit uint) bool { return d.offered>>bit&1 != 0 }

// Accepted reports whether the driver took it.
func (d *Device) Accepted(bit uint) bool { return d.accepted>>bit&1 != 0 }

// ringFeatures are those that the properties of every virtio device govern.
// Packed rings are never offered: rings here are split ones.
func (d *Device) ringFeatures() uint64 {
	d.offered = 0
	d.OfferIf("notify_on_empty", FeatureNotifyOnEmpty)
	d.OfferIf("any_layout", FeatureAnyLayout)
	d.OfferIf("indirect_desc", FeatureIndirect)
	d.OfferIf("event_idx", FeatureEventIndex)
	d.OfferIf("iommu_platform", FeatureAccessPlat)
	d.OfferIf("in_order", FeatureInOrder)
	d.OfferIf("queue_reset", FeatureRingReset)
	return d.offered
}

// acceptFeatures is the driver's choice; what the device does not have is
// dropped. After FEATURES_OK it is too late.
func (d *Device) acceptFeatures(bits uint64) {
	if d.status&StatusFeaturesOK != 0 {
		return
	}
	d.accepted = bits & d.offered
	if w, ok := d.Self().(FeatureWatcher); ok {
		w.FeaturesAccepted()
	}
}

// featuresFit reports whether the device can work with what the driver took.
func (d *Device) featuresFit() bool {
	return !d.Offered(FeatureAccessPlat) || d.Accepted(FeatureAccessPlat)
}

// linkOf returns the object a link leads to, nil for none.
func linkOf(o *qom.Object, name string) *qom.Object {
	if p := o.Property(name); p != nil && p.Target != nil {
		return p.Target(o)
	}
	return nil
}
