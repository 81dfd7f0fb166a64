package relay

import "slices"

// scope is for whose accounts one operator may report through one relay. The zero scope has none.
type scope struct {
	all      bool
	singles  map[string]struct{}
	prefixes map[string]struct{}
	lengths  []int // of the prefixes, each once, ascending: at most as many as an account has bytes
}

// add takes a Grant in. A kind that is not known grants nothing.
func (s *scope) add(kind Kind, value string) {
	switch kind {
	case All:
		s.all = true
	case Single:
		s.singles[value] = struct{}{}
	case Prefix:
		if value == "" {
			return // every account: that must be granted by its own word
		}
		s.prefixes[value] = struct{}{}
		if at, known := slices.BinarySearch(s.lengths, len(value)); !known {
			s.lengths = slices.Insert(s.lengths, at, len(value))
		}
	}
}

// has does not allocate.
func (s *scope) has(account []byte) bool {
	if s.all {
		return true
	}
	if _, single := s.singles[string(account)]; single {
		return true
	}
	for _, n := range s.lengths {
		if n > len(account) {
			return false
		}
		if _, prefix := s.prefixes[string(account[:n])]; prefix {
			return true
		}
	}
	return false
}
