package ftd

// Fault is a way to be malformed. The set is closed: a Fault is the error, and its
// name is the metric label and the reason in the audit log.
type Fault uint8

// The faults, in the order in which a receiver meets them. The zero Fault is none.
const (
	FaultExtLong       Fault = iota + 1 // extension header over MaxExtLen
	FaultBodyLong                       // body over the limit in force
	FaultTLVOverrun                     // a TLV reaches beyond the extension header
	FaultMessageShort                   // body below MessageHeaderLen
	FaultVersion                        // message version is not 2
	FaultChain                          // chain is not 'S', or a run of parts is broken
	FaultContentLength                  // content length is not body length - 16
	FaultFieldCount                     // fewer or more fields than the header counts
	FaultFieldOverrun                   // a field reaches beyond the content
	FaultFieldTwice                     // a known FID is present twice
	FaultFieldShort                     // a field is shorter than its fixed items

	// The session finds these, as it decides what a dialogue needs, not this package.
	FaultSequence     // sequence series or number of a session message is not 0, or a business request's is not the next
	FaultUnknownTID   // a TID that the front does not know, before authentication
	FaultFieldMissing // a required field is missing
)

var faultWords = [...]struct{ word, text string }{
	FaultExtLong:       {"extension_long", "extension header over 127 bytes"},
	FaultBodyLong:      {"body_long", "body over the limit"},
	FaultTLVOverrun:    {"tlv_overrun", "TLV reaches beyond the extension header"},
	FaultMessageShort:  {"message_short", "body shorter than a message header"},
	FaultVersion:       {"version", "message version is not 2"},
	FaultChain:         {"chain", "message chain is not 'S', or its run is broken"},
	FaultContentLength: {"content_length", "content length is not the body's"},
	FaultFieldCount:    {"field_count", "field count is not the content's"},
	FaultFieldOverrun:  {"field_overrun", "field reaches beyond the content"},
	FaultFieldTwice:    {"field_twice", "field appears twice"},
	FaultFieldShort:    {"field_short", "field shorter than its items"},
	FaultSequence:      {"sequence", "sequence series or number is not the expected one"},
	FaultUnknownTID:    {"unknown_tid", "unknown message before authentication"},
	FaultFieldMissing:  {"field_missing", "required field is missing"},
}

// Faults lists every Fault, so that a metric can show those that never happened as 0.
func Faults() []Fault {
	all := make([]Fault, 0, len(faultWords)-1)
	for f := FaultExtLong; int(f) < len(faultWords); f++ {
		all = append(all, f)
	}
	return all
}

// Word is the fault's stable name in snake_case.
func (f Fault) Word() string {
	if f == 0 || int(f) >= len(faultWords) {
		return "unknown"
	}
	return faultWords[f].word
}

func (f Fault) String() string { return f.Word() }

// Error describes what is malformed.
func (f Fault) Error() string {
	if f == 0 || int(f) >= len(faultWords) {
		return "malformed: unknown fault"
	}
	return "malformed: " + faultWords[f].text
}

// FieldError is an illegal item of a well-formed field: error 15 on the
// wire. It never contains the value.
type FieldError struct {
	FID     FID    // the field
	Item    string // the item's name in docs/protocol.md, for example "UserID"
	Problem string // what is wrong
}

// Name is the field's and the item's, as LoginRequest.UserID.
func (e *FieldError) Name() string { return e.FID.String() + "." + e.Item }

func (e *FieldError) Error() string {
	return e.Name() + ": " + e.Problem
}
