package supplement

// publicTestKey is the fingerprint of the pair in client/collect/tstkey, both halves of which are public: vendors of terminals seal under it to
// open what they sent.
const publicTestKey = "b7ec95cc4d14d42fd7b30f9234a526ea1df86c6c90c207dbd62c69ce19c29082"

// warnPublic warns of a key that anyone can open: a test front's, left in the configuration of a front that takes customers.
func (r *KeyRing) warnPublic() []KeyWarning {
	var warnings []KeyWarning
	for i := range r.keys {
		if k := &r.keys[i]; k.Info.Fingerprint.String() == publicTestKey {
			warnings = append(warnings, KeyWarning{Subject: k.Version + " (public test key)", Text: "key version " + k.Version +
				" is the public test key of the collection library: anyone can open what is encrypted under it; " +
				"take it out of keys, unless this is a test front"})
		}
	}
	return warnings
}
