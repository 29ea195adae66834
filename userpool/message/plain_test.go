package message_test

import (
	"strings"
	"testing"
	"time"

	"github.com/poolhouse/poolhouse/userpool"
	"github.com/poolhouse/poolhouse/userpool/message"
	"github.com/poolhouse/poolhouse/userpool/message/messagetest"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"": "",
		"<p>Your code is <b>123456</b>.</p><p>Bye</p>":                               "Your code is 123456.\nBye",
		"Hello<br>there &amp; you":                                                   "Hello\nthere & you",
		"<a href='https://example.com/?a=1&amp;b=2'>Verify</a> it":                   "Verify https://example.com/?a=1&b=2 it",
		"<html><head><title>T</title><style>p{}</style></head><body>x</body></html>": "x",
		"<script>alert(1)</script>y":                                                 "y",
		"</style>z":                                                                  "z",
		"  a \n b  ":                                                                 "a b",
		"<ul><li>one<li>two</ul>":                                                    "one\ntwo",
		"un<b>believ</b>able":                                                        "unbelievable",
		"<p":                                                                         "",
	} {
		if got := message.PlainText(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a<br/><script>x</script><a href=1>")
	f.Fuzz(func(t *testing.T, body string) {
		if got := message.PlainText(body); strings.Contains(got, "\n\n") {
			t.Errorf("%q has an empty line", got)
		}
	})
}

// A mail of HTML carries its text as well.
func TestHTMLMail(t *testing.T) {
	sink := messagetest.NewSink(t, nil)
	s, err := message.ParseSMTP("smtp://" + sink.Addr)
	if err != nil {
		t.Fatal(err)
	}
	if s.From, err = message.ParseFrom("no-reply@example.com"); err != nil {
		t.Fatal(err)
	}
	s.Now = func() time.Time { return noon }
	err = s.Deliver(t.Context(), "id", userpool.Mail{To: "bob@example.com", Subject: "Code", Body: "<p>Code <b>123456</b></p>", HTML: true})
	if err != nil {
		t.Fatal(err)
	}
	mails := sink.Mails()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	for _, want := range []string{"multipart/alternative", "text/plain", "\nCode 123456\n", "text/html", "<b>123456</b>"} {
		if !strings.Contains(mails[0].Data, want) {
			t.Errorf("%q is not in\n%s", want, mails[0].Data)
		}
	}
}
