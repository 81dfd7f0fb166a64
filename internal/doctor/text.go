package doctor

import "fmt"

// Text is one sentence in both languages.
type Text struct{ EN, ZH string }

// Languages are those of a Text.
func Languages() []string { return []string{"en", "zh"} }

// In is the sentence in one of Languages.
func (t Text) In(language string) string {
	if language == "zh" {
		return t.ZH
	}
	return t.EN
}

// say fills both sentences with the same values; %[2]s gives them another order.
func say(en, zh string, args ...any) Text {
	if len(args) == 0 {
		return Text{en, zh}
	}
	return Text{fmt.Sprintf(en, args...), fmt.Sprintf(zh, args...)}
}
