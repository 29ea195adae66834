package login

import (
	"encoding/base64"
	"html/template"
	"strings"

	"github.com/poolhouse/poolhouse/internal/words"
	"github.com/poolhouse/poolhouse/userpool/look"
)

// A Question is what a function of the pool asks, as a page shows it. The function
// belongs to who runs the pool, and yet what it says is text, and nothing is loaded
// from elsewhere.
type questionView struct {
	Text, Hint, Label string
	Image             template.URL // empty for none
	Numeric, Secret   bool         // how the answer is typed
}

// Bounds of what functions say, in characters and bytes.
const (
	maxQuestion = 2000
	maxImage    = 128 << 10
)

// question reads the public parameters of a challenge: question, hint, label, input
// and image. Those whose name ends in a language, as in question-de, come first for
// its readers. All others are between the function and its own apps.
func question(l *words.Language, params map[string]string) questionView {
	say := func(name string) string {
		text := params[name+"-"+l.Tag]
		if text == "" {
			text = params[name]
		}
		if r := []rune(text); len(r) > maxQuestion {
			text = string(r[:maxQuestion]) + "…"
		}
		return text
	}
	return questionView{Text: say("question"), Hint: say("hint"), Label: say("label"), Image: picture(params["image"]),
		Numeric: params["input"] == "numeric", Secret: params["input"] == "password"}
}

// picture accepts an image within the parameter, whose bytes are of the type that it
// says, and no drawing: a page loads no address that a function names.
func picture(address string) template.URL {
	if len(address) > maxImage {
		return ""
	}
	for _, kind := range []string{"png", "jpeg", "webp"} {
		text, ok := strings.CutPrefix(address, "data:image/"+kind+";base64,")
		if !ok {
			continue
		}
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil || look.TypeOf(body) != kind {
			return ""
		}
		return template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(body))
	}
	return ""
}
