package proxyheader

// Fault is why bytes are refused as a header: a closed set, whose names are metric labels.
type Fault uint8

// The faults.
const (
	Absent      Fault = 1 + iota // the connection does not begin with a header
	TooLong                      // the header is too long
	BadLine                      // version 1: not exactly the line of the specification
	BadVersion                   // version 2: another version, or an unknown command
	BadFamily                    // a family or protocol that is unknown, or cannot be a terminal's: UDP, UNIX
	BadAddress                   // version 2: shorter than its addresses
	BadTLV                       // a TLV is cut off, present twice, or not of its type's form
	BadChecksum                  // the checksum is not that of the header

	faultCount
)

var faultWords = [faultCount]string{
	"", "proxy_absent", "proxy_too_long", "proxy_line", "proxy_version", "proxy_family", "proxy_address", "proxy_tlv",
	"proxy_checksum",
}

// Word is the fault's stable name in snake_case.
func (f Fault) Word() string { return faultWords[f] }

func (f Fault) Error() string { return "PROXY header: " + faultWords[f] }

// Faults lists them all, for metrics that start at zero.
func Faults() []Fault {
	all := make([]Fault, 0, faultCount-1)
	for f := Absent; f < faultCount; f++ {
		all = append(all, f)
	}
	return all
}
