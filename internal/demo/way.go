package demo

// Way is how a terminal reached the front.
type Way uint8

// The ways, in the order in which a person is shown them.
const (
	Direct      Way = iota // its own connection
	ManyToMany             // 多对多: an investor relay's connection for this one terminal, with the customer's password
	OneToMany              // 一对多: reported by an operator relay, on the one connection of its operator
	RelayItself            // the operator's own login at an operator relay, from the relay's machine
	ThisMachine            // its own connection, with what the collection library found of the machine that the demo runs on
)

// Ways are all of them.
var Ways = []Way{Direct, ManyToMany, OneToMany, RelayItself, ThisMachine}

// Of ten honest terminals of a firm with relays so many come through each; the others connect by themselves.
const (
	viaOfTen       = 2
	submittedOfTen = 2
)

// pickWay draws how an honest terminal comes.
func (v *visitor) pickWay() Way {
	if v.desk == nil {
		return Direct
	}
	switch n := v.random.IntN(10); {
	case n < viaOfTen:
		return ManyToMany
	case n < viaOfTen+submittedOfTen:
		return OneToMany
	}
	return Direct
}
