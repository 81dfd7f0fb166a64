package doctor

import (
	"fmt"
	"slices"

	"github.com/tradefront/tradefront/internal/chinese"
)

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

// say fills both sentences with the same values, what another room says in English translated; %[2]s gives them another order.
func say(en, zh string, args ...any) Text {
	if len(args) == 0 {
		return Text{en, zh}
	}
	translated := slices.Clone(args)
	for i, arg := range args {
		if text, is := arg.(string); is {
			translated[i] = chinese.Of(text)
		}
	}
	return Text{fmt.Sprintf(en, args...), fmt.Sprintf(zh, translated...)}
}

// foreign is what another room says in English.
func foreign(en string) Text { return Text{en, chinese.Of(en)} }
