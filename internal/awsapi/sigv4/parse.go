package sigv4

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxSignedHeaders bounds the work that an unauthenticated request can ask for.
const maxSignedHeaders = 100

// parseHeader reads an Authorization header.
func parseHeader(r *http.Request, auth string, query []Param) (*Signature, error) {
	name, rest, _ := strings.Cut(auth, " ")
	if name != algorithm && name != asymmetric {
		return nil, &Error{Incomplete, "Authorization header must use " + algorithm + " or " + asymmetric + "."}
	}
	parts := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		if _, twice := parts[key]; twice {
			return nil, &Error{Incomplete, "Authorization header repeats a parameter."}
		}
		parts[key] = value
	}
	var text strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if parts[name] == "" {
			fmt.Fprintf(&text, "Authorization header requires '%s' parameter. ", name)
		}
	}
	s := &Signature{mac: parts["Signature"], query: query, asymmetric: name == asymmetric}
	date, err := single(r.Header, "X-Amz-Date")
	if err != nil {
		return nil, err
	}
	if date == "" {
		date = r.Header.Get("Date")
	}
	if date == "" {
		text.WriteString("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
	}
	if text.Len() > 0 {
		return nil, &Error{Incomplete, strings.TrimSpace(text.String())}
	}
	if s.SessionToken, err = single(r.Header, "X-Amz-Security-Token"); err != nil {
		return nil, err
	}
	if s.payloadHash, err = single(r.Header, "X-Amz-Content-Sha256"); err != nil {
		return nil, err
	}
	set, err := single(r.Header, regionSetHeader)
	if err != nil {
		return nil, err
	}
	return s, s.fill(parts["Credential"], date, parts["SignedHeaders"], set)
}

// single returns the value of a header that must not be repeated.
func single(h http.Header, name string) (string, error) {
	switch v := h[http.CanonicalHeaderKey(name)]; len(v) {
	case 0:
		return "", nil
	case 1:
		return v[0], nil
	}
	return "", &Error{Incomplete, "The request repeats the header " + name + "."}
}

// parsePresigned reads a signature from the query.
func parsePresigned(r *http.Request, query []Param) (*Signature, error) {
	get := map[string]string{}
	for _, p := range query {
		if !strings.HasPrefix(p.Name, "X-Amz-") {
			continue
		}
		if _, twice := get[p.Name]; twice {
			return nil, &Error{Incomplete, "The query repeats the parameter " + clip(p.Name) + "."}
		}
		get[p.Name] = p.Value
	}
	if name := get["X-Amz-Algorithm"]; name != algorithm && name != asymmetric {
		return nil, &Error{Incomplete, "X-Amz-Algorithm must be " + algorithm + " or " + asymmetric + "."}
	}
	for _, name := range []string{"X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"} {
		if get[name] == "" {
			return nil, &Error{Incomplete, "A presigned request requires the parameter '" + name + "'."}
		}
	}
	s := &Signature{
		SessionToken: get["X-Amz-Security-Token"], mac: get["X-Amz-Signature"],
		payloadHash: get["X-Amz-Content-Sha256"], query: query, presigned: true,
		asymmetric: get["X-Amz-Algorithm"] == asymmetric,
	}
	if s.payloadHash == "" {
		var err error
		if s.payloadHash, err = single(r.Header, "X-Amz-Content-Sha256"); err != nil {
			return nil, err
		}
	}
	s.Expires = 15 * time.Minute
	if e := get["X-Amz-Expires"]; e != "" {
		n, err := strconv.Atoi(e)
		if err != nil || n < 1 || time.Duration(n) > MaxExpires/time.Second {
			return nil, &Error{Incomplete, "X-Amz-Expires must be between 1 and 604800 seconds."}
		}
		s.Expires = time.Duration(n) * time.Second
	}
	return s, s.fill(get["X-Amz-Credential"], get["X-Amz-Date"], get["X-Amz-SignedHeaders"], get[regionSetHeader])
}

// fill reads the parts that both forms have.
func (s *Signature) fill(credential, date, signedHeaders, regionSet string) error {
	read := s.fillScope
	if s.asymmetric {
		read = s.fillWideScope
	}
	if err := read(credential, regionSet); err != nil {
		return err
	}
	t, err := parseTime(date)
	if err != nil {
		return &Error{Incomplete, "Date must be in ISO-8601 'basic format'. Got '" + clip(date) + "'."}
	}
	s.Time, s.timeText = t, t.Format(basicTime)
	return s.fillHeaders(signedHeaders)
}

func (s *Signature) fillScope(credential, _ string) error {
	scope := strings.Split(credential, "/")
	if len(scope) != 5 || scope[0] == "" {
		return &Error{Incomplete, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" + clip(credential) + "'"}
	}
	s.AccessKeyID, s.scopeDate, s.Region, s.Service, s.term = scope[0], scope[1], scope[2], scope[3], scope[4]
	return nil
}

func (s *Signature) fillHeaders(list string) error {
	s.headers = strings.Split(list, ";")
	if len(s.headers) > maxSignedHeaders {
		return &Error{Incomplete, "SignedHeaders names too many headers."}
	}
	for i, h := range s.headers {
		if h == "" || h != strings.ToLower(h) || i > 0 && h <= s.headers[i-1] {
			return &Error{Incomplete, "SignedHeaders must be in lower case, sorted, and without repetition."}
		}
	}
	return nil
}

// parseTime reads the ISO 8601 basic form, and the HTTP form of a Date header.
func parseTime(s string) (time.Time, error) {
	t, err := time.Parse(basicTime, s)
	if err != nil {
		t, err = http.ParseTime(s)
	}
	return t.UTC(), err
}

// clip bounds what an error text repeats of the request.
func clip(s string) string {
	if len(s) > 200 {
		s = s[:200]
	}
	return strings.ToValidUTF8(s, "?")
}
