package chinese

// Sentence is one in both languages, for pages that have both. English is "" where Of knows no part of it: Chinese is then the English.
type Sentence struct{ Chinese, English string }

// Both is the sentence in both languages.
func Both(english string) Sentence {
	if text := Of(english); text != english {
		return Sentence{Chinese: text, English: english}
	}
	return Sentence{Chinese: english}
}
