package awsapi_test

import (
	"strings"
	"testing"

	"github.com/poolhouse/poolhouse/internal/awsapi"
)

func TestRefusals(t *testing.T) {
	denied := &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}
	garbled := func(q *request) { q.service, q.header["Authorization"] = "", "AWS4-HMAC-SHA256 x" }
	scope := func(q *request) { q.service = "s3" }
	for _, tt := range []struct {
		name   string
		change func(*request)
		b      backend
		codes  [3]string // JSON 400, query 403, REST 403
	}{
		{"unsigned", func(q *request) { q.service = "" }, backend{},
			[3]string{"MissingAuthenticationTokenException", "MissingAuthenticationToken", "MissingAuthenticationTokenException"}},
		{"garbled", garbled, backend{}, [3]string{"IncompleteSignatureException", "IncompleteSignature", "IncompleteSignatureException"}},
		{"scope", scope, backend{}, [3]string{"InvalidSignatureException", "SignatureDoesNotMatch", "InvalidSignatureException"}},
		{"unknown key", func(*request) {}, backend{session: "x"},
			[3]string{"UnrecognizedClientException", "InvalidClientTokenId", "UnrecognizedClientException"}},
		{"denied", func(*request) {}, backend{denied: denied}, [3]string{"AccessDeniedException", "", "NotAuthorizedException"}},
	} {
		for i, q := range []request{getUser, identity, datasets} {
			h := map[string]string{}
			for k, v := range q.header {
				h[k] = v
			}
			q.header = h
			tt.change(&q)
			b := tt.b
			w := q.serve(t, &b)
			code, message := errorOf(w)
			status := [3]int{400, 403, 403}[i]
			if tt.codes[i] == "" { // GetCallerIdentity can't be denied
				status = 200
			}
			if w.Code != status || code != tt.codes[i] || status != 200 && message == "" {
				t.Errorf("%s, %s: %d %s %q", tt.name, q.url, w.Code, code, message)
			}
		}
	}
}

func TestDispatch(t *testing.T) {
	for _, tt := range []struct {
		name   string
		q      request
		status int
		code   string
	}{
		{"modelled, not written", request{url: "/", header: target("AWSCognitoIdentityProviderService.CreateUserPool"), body: "junk"}, 501, "NotImplementedException"},
		{"service without operations", request{url: "/", header: target("CertificateManager.ListCertificates")}, 501, "NotImplementedException"},
		{"query, not written", request{url: "/", header: formType, body: "Action=ListUsers&Version=2010-05-08"}, 501, "NotImplementedException"},
		{"query without version", request{url: "/", header: formType, body: "Action=ListUsers"}, 501, "NotImplementedException"},
		{"REST, not written", request{method: "GET", url: "/identitypools"}, 501, "NotImplementedException"},
		{"unknown operation", request{url: "/", header: target("AWSCognitoIdentityProviderService.Nope")}, 400, "UnknownOperationException"},
		{"unknown service", request{url: "/", header: target("Nope.Nope")}, 400, "UnknownOperationException"},
		{"no dot", request{url: "/", header: target("Nope")}, 400, "UnknownOperationException"},
		{"operation of another service", request{url: "/", header: target("AWSCognitoIdentityService.AdminGetUser")}, 400, "UnknownOperationException"},
		{"target by GET", request{method: "GET", url: "/", header: target("AWSCognitoIdentityProviderService.GetUser")}, 400, "UnknownOperationException"},
		{"nothing that is known", request{url: "/", body: "x"}, 400, "UnknownOperationException"},
		{"form without action", request{url: "/", header: formType, body: "a=b"}, 400, "MissingAction"},
		{"unknown action", request{url: "/", header: formType, body: "Action=Nope&Version=2010-05-08"}, 400, "InvalidAction"},
		{"unknown version", request{url: "/", header: formType, body: "Action=GetCallerIdentity&Version=2000-01-01"}, 400, "InvalidAction"},
		{"action of another service", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2010-05-08"}, 400, "InvalidAction"},
		{"broken form", request{url: "/", header: formType, body: "Action=%zz"}, 400, "MalformedInput"},
		{"REST path", request{method: "GET", url: "/identitypools/a/b/c"}, 404, "UnknownOperationException"},
		{"REST empty label", request{method: "GET", url: "/identitypools//identities/b/datasets"}, 404, "UnknownOperationException"},
		{"REST method", request{method: "PUT", url: "/identitypools/a"}, 404, "UnknownOperationException"},
		{"REST dots are no parent", request{method: "GET", url: "/identitypools/a/../a"}, 404, "UnknownOperationException"},
		{"token operation needs no signature", request{url: "/", header: target("AWSCognitoIdentityProviderService.GetUser"), body: `{"AccessToken":"abc"}`}, 200, ""},
		{"token operation ignores a signature", request{url: "/", service: "s3", header: target("AWSCognitoIdentityProviderService.GetUser"), body: `{"AccessToken":"abc"}`}, 200, ""},
		{"JSON syntax", getUser.with(func(q *request) { q.header, q.body = getUser.header, `{` }), 400, "SerializationException"},
		{"JSON too large", request{url: "/", header: target("AWSCognitoIdentityProviderService.GetUser"), body: strings.Repeat(" ", 1<<20+1)}, 413, "RequestEntityTooLargeException"},
		{"form too large", request{url: "/", header: formType, body: "Action=ListUsers&x=" + strings.Repeat("a", 1<<20)}, 413, "RequestEntityTooLarge"},
		{"a large form of STS is read", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2011-06-15&x=" + strings.Repeat("a", 1<<20)}, 403, "MissingAuthenticationToken"},
		{"larger than any", request{url: "/", header: formType, body: "Action=AssumeRole&Version=2011-06-15&x=" + strings.Repeat("a", 10_000_000)}, 413, "RequestEntityTooLarge"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := tt.q.serve(t, &backend{})
			if code, _ := errorOf(w); w.Code != tt.status || code != tt.code {
				t.Errorf("got %d %q, want %d %q: %.200s", w.Code, code, tt.status, tt.code, w.Body)
			}
			if w.Header().Get("Access-Control-Allow-Origin") != "*" || w.Header().Get("X-Amzn-Requestid") == "" {
				t.Error("headers are missing")
			}
		})
	}
}

func TestFailuresTellNothing(t *testing.T) {
	for _, b := range []*backend{{fail: errOops}, {panics: true}, {denied: errOops}} {
		w := getUser.serve(t, b)
		code, message := errorOf(w)
		if w.Code != 500 || code != "InternalErrorException" || strings.Contains(w.Body.String(), "secret things") ||
			!strings.Contains(message, w.Header().Get("X-Amzn-Requestid")) {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		if len(b.events) != 1 || b.events[0].Status != 500 {
			t.Errorf("recorded %+v", b.events)
		}
	}
}

// An operation that asks the authorizer itself answers like the layer.
func TestRefusalFromAnOperation(t *testing.T) {
	w := getUser.serve(t, &backend{fail: &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no"}})
	if code, _ := errorOf(w); w.Code != 400 || code != "AccessDeniedException" {
		t.Errorf("%d %s", w.Code, code)
	}
}

// An encoded authorization message is for the client: behind the message, but in no
// header and not in the audit log.
func TestSealedMessage(t *testing.T) {
	for i, q := range []request{getUser, datasets} { // the query format is tested where it is denied
		e := &awsapi.Error{Status: 403, Code: "AccessDenied", Message: "no", Sealed: "Abc_-"}
		b := &backend{denied: e, fail: e}
		w := q.serve(t, b)
		_, message := errorOf(w)
		if want := "no Encoded authorization failure message: Abc_-"; message != want {
			t.Errorf("%d: got %q, want %q", i, message, want)
		}
		if h := w.Header().Get("X-Amzn-Errormessage"); strings.Contains(h, "Abc") {
			t.Errorf("%d: header %q", i, h)
		}
		if len(b.events) != 1 || b.events[0].ErrorText != "no" {
			t.Errorf("%d: recorded %+v", i, b.events)
		}
	}
}
