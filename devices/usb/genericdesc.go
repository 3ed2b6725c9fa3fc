package usb

// smartCardReader describes usb-ccid, after the CCID class specification 1.1.
func smartCardReader() *Descriptors {
	features := []byte{
		0x36, 0x21, 0x10, 0x01, // class descriptor, version 1.1
		0, 7, // one slot, 5 V, 3 V and 1.8 V
		1, 0, 0, 0, 0xa0, 0x0f, 0, 0, 0, 0, 1, 0, 0, // protocol T=0, clock
		0x80, 0x25, 0, 0, 0, 0xc2, 1, 0, 0, // data rates
		0xfe, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // longest field of a card
		0xfe, 4, 1, 0, 0x12, 0, 1, 0, // features, longest message
		0xff, 0xff, 0, 0, 1, 1, // classes, no display, PIN entry, one card at a time
	}
	return &Descriptors{
		Vendor: 0x08e6, Product: 0x4433,
		Strings:            [12]string{1: "QEMU", 2: "QEMU USB CCID", 3: "1", 4: "CCID Interface"},
		ManufacturerString: 1, ProductString: 2, SerialString: 3,
		Full: &Layout{Version: 0x0110, MaxPacket0: 64, Configs: []Config{{
			Value: 1, Attributes: AlwaysSet | SelfPowered | RemoteWakeup, MaxPower: 50,
			Interfaces: []Interface{{
				Class: 0x0b, String: 4, Extra: features,
				Endpoints: []EndpointInfo{
					{Address: 0x81, Type: InterruptEndpoint, MaxPacket: 64, Interval: 255},
					{Address: 0x82, Type: BulkEndpoint, MaxPacket: 64},
					{Address: 0x03, Type: BulkEndpoint, MaxPacket: 64},
				},
			}},
		}}},
	}
}

// networkAdapter describes usb-net: one configuration for RNDIS and one for the
// Ethernet model of the CDC specification 1.1.
func networkAdapter() *Descriptors {
	status := []EndpointInfo{{Address: 0x81, Type: InterruptEndpoint, MaxPacket: 16, Interval: 32}}
	data := []EndpointInfo{
		{Address: 0x82, Type: BulkEndpoint, MaxPacket: 64},
		{Address: 0x02, Type: BulkEndpoint, MaxPacket: 64},
	}
	// Functional descriptors: header, call management, abstract control model,
	// union; for Ethernet with the address (string 3) and the largest frame.
	rndis := []byte{5, 0x24, 0, 0x10, 1, 5, 0x24, 1, 0, 1, 4, 0x24, 2, 0, 5, 0x24, 6, 0, 1}
	ethernet := []byte{5, 0x24, 0, 0x10, 1, 5, 0x24, 6, 0, 1, 13, 0x24, 15, 3, 0, 0, 0, 0, 0xea, 5, 0, 0, 0}
	return &Descriptors{
		Vendor: 0x0525, Product: 0xa4a2,
		Strings: [12]string{
			1: "QEMU", 2: "RNDIS/QEMU USB Network Device", 3: "525400123456", 4: "QEMU USB Net Data Interface",
			5: "QEMU USB Net Control Interface", 6: "QEMU USB Net RNDIS Control Interface", 7: "QEMU USB Net CDC",
			8: "QEMU USB Net Subset", 9: "QEMU USB Net RNDIS", 10: "1",
		},
		ManufacturerString: 1, ProductString: 2, SerialString: 10,
		Full: &Layout{Version: 0x0200, Class: 2, MaxPacket0: 64, Configs: []Config{
			{Value: 2, String: 9, Attributes: AlwaysSet | SelfPowered, MaxPower: 50, Interfaces: []Interface{
				{Number: 0, Class: 2, Subclass: 2, Protocol: 0xff, String: 6, Extra: rndis, Endpoints: status},
				{Number: 1, Class: 10, String: 4, Endpoints: data},
			}},
			{Value: 1, String: 7, Attributes: AlwaysSet | SelfPowered, MaxPower: 50, Interfaces: []Interface{
				{Number: 0, Class: 2, Subclass: 6, String: 5, Extra: ethernet, Endpoints: status},
				{Number: 1, Alternate: 0, Class: 10},
				{Number: 1, Alternate: 1, Class: 10, String: 4, Endpoints: data},
			}},
		}},
	}
}
