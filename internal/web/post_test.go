package web_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/web"
)

// Whatever a message says is text on its page.
func TestPostIsEscaped(t *testing.T) {
	hostile := `"><script>alert('1')</script>&quot;`
	w := httptest.NewRecorder()
	p := web.Post{To: "https://app.example/cb?a=1&b=2", App: hostile, Fields: []web.PostField{{Name: hostile, Value: hostile}}}
	if err := p.Write(w); err != nil {
		t.Fatal(err)
	}
	body := w.Body.String()
	if strings.Contains(body, "<script") || strings.Count(body, "alert") != 4 {
		t.Errorf("%s", body)
	}
	for _, want := range []string{`action="https://app.example/cb?a=1&amp;b=2"`, `value="&#34;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;quot;"`} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in\n%s", want, body)
		}
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self' https://app.example") {
		t.Errorf("policy %q", csp)
	}
}
