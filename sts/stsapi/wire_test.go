package stsapi_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/sts"
)

// call sends a form as root, signed for a region and service at a host.
func (s *stack) call(host, region, service, form string) (int, http.Header, string) {
	s.t.Helper()
	r, err := http.NewRequest("POST", s.url+"/", strings.NewReader(form))
	if err != nil {
		s.t.Fatal(err)
	}
	if host != "" {
		r.Host = host
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sum := sha256.Sum256([]byte(form))
	creds := aws.Credentials{AccessKeyID: s.sts.RootAccessKeyID, SecretAccessKey: s.sts.RootSecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), creds, r, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
		s.t.Fatal(err)
	}
	return s.send(r)
}

func (s *stack) send(r *http.Request) (int, http.Header, string) {
	s.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

const version = "&Version=2011-06-15"

// Numbers as the live service reads them.
func TestNumbersOnTheWire(t *testing.T) {
	s := newStack(t)
	for text, want := range map[string]int{"900": 200, "%2B900": 200, "0900": 200, "899": 400, "3601": 200, "129601": 400,
		"9e2": 400, "900.0": 400, "99999999999": 400, "x": 400, "": 400} {
		status, _, body := s.call("", "us-east-1", "sts", "Action=GetSessionToken&DurationSeconds="+text+version)
		if status != want {
			t.Errorf("%q: %d %s", text, status, body)
		}
		if want == 400 && text != "899" && text != "129601" && (!strings.Contains(body, "<Code>MalformedInput</Code>") || strings.Contains(body, "<Message>")) {
			t.Errorf("%q: %s", text, body)
		}
	}
}

// Of a parameter that comes twice the first value is both judged and carried out.
func TestFirstValueCounts(t *testing.T) {
	s := newStack(t)
	ctx := context.Background()
	for _, name := range []string{"mine", "theirs"} {
		if err := s.sts.CreateRole(ctx, &sts.Role{Name: name, Trust: trust}); err != nil {
			t.Fatal(err)
		}
	}
	arn := func(name string) string { return "RoleArn=" + url.QueryEscape("arn:aws:iam::000000000000:role/"+name) }
	_, _, body := s.call("", "us-east-1", "sts", "Action=AssumeRole&Action=GetSessionToken&"+arn("mine")+"&"+arn("theirs")+"&RoleSessionName=one&RoleSessionName=two"+version)
	if !strings.Contains(body, ":assumed-role/mine/one<") || strings.Contains(body, "theirs") {
		t.Error(body)
	}
}

func TestAnswersOnTheWire(t *testing.T) {
	s := newStack(t)
	status, header, body := s.call("", "us-east-1", "sts", "Action=GetCallerIdentity&Unknown=1"+version)
	want := "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n  <GetCallerIdentityResult>\n    <Arn>arn:aws:iam::000000000000:root</Arn>\n" +
		"    <UserId>000000000000</UserId>\n    <Account>000000000000</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    <RequestId>" + header.Get("X-Amzn-Requestid") +
		"</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
	if status != 200 || body != want || header.Get("X-Amz-Sts-Extended-Request-Id") == "" || header.Get("Content-Type") != "text/xml" {
		t.Errorf("%d %v\n%s", status, header, body)
	}
	status, _, body = s.call("", "us-east-1", "sts", "Action=NoSuchThing"+version)
	if status != 400 || !strings.Contains(body, `xmlns="http://webservices.amazon.com/AWSFault/2005-15-09"`) || !strings.Contains(body, "<Code>InvalidAction</Code>") {
		t.Errorf("%d %s", status, body)
	}
	status, _, body = s.call("", "us-east-1", "sts", "Action=GetFederationToken&Name=x"+version)
	if status != 400 || !strings.Contains(body, `xmlns="https://sts.amazonaws.com/doc/2011-06-15/"`) || !strings.Contains(body, "<Code>ValidationError</Code>") {
		t.Errorf("%d %s", status, body)
	}
	_, _, body = s.call("", "us-east-1", "sts", "Action=GetFederationToken&Name=guest"+version)
	if !strings.Contains(body, "<PackedPolicySize>0</PackedPolicySize>") {
		t.Error(body)
	}
}

func TestEmptyRequest(t *testing.T) {
	s := newStack(t)
	r, err := http.NewRequest("POST", s.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, header, _ := s.send(r); status != 302 || header.Get("Location") != "/" {
		t.Errorf("%d %v", status, header)
	}
}

// An endpoint of AWS's names, led here by DNS, is of its own region.
func TestEndpoints(t *testing.T) {
	s := newStack(t)
	const region, service = "Credential should be scoped to a valid region. ", "Credential should be scoped to correct service: 'sts'. "
	for _, tt := range []struct{ host, region, service, text string }{
		{"", "eu-west-1", "sts", ""},
		{"sts.amazonaws.com", "us-east-1", "sts", ""},
		{"sts.eu-west-1.amazonaws.com", "eu-west-1", "sts", ""},
		{"sts.amazonaws.com", "eu-west-1", "sts", region},
		{"sts.eu-west-1.amazonaws.com", "us-east-1", "sts", region},
		{"sts.amazonaws.com", "us-east-1", "iam", service},
		{"sts.amazonaws.com", "eu-west-1", "iam", region + service},
	} {
		status, _, body := s.call(tt.host, tt.region, tt.service, "Action=GetCallerIdentity"+version)
		if tt.text == "" {
			if status != 200 {
				t.Errorf("%+v: %d %s", tt, status, body)
			}
			continue
		}
		if status != 403 || !strings.Contains(body, "<Code>SignatureDoesNotMatch</Code>") || !strings.Contains(body, "<Message>"+tt.text+"</Message>") {
			t.Errorf("%+v: %d %s", tt, status, body)
		}
	}
	for _, form := range []string{"Action=AssumeRoot&TargetPrincipal=000000000000&TaskPolicyArn.arn=arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy",
		"Action=GetWebIdentityToken&Audience.member.1=a&SigningAlgorithm=RS256"} {
		if status, _, body := s.call("sts.amazonaws.com", "us-east-1", "sts", form+version); status != 400 || !strings.Contains(body, "<Code>InvalidAction</Code>") {
			t.Errorf("at the global endpoint: %d %s", status, body)
		}
		if _, _, body := s.call("sts.us-east-1.amazonaws.com", "us-east-1", "sts", form+version); strings.Contains(body, "<Code>InvalidAction</Code>") {
			t.Error(body)
		}
	}
}

func TestDisabledRegion(t *testing.T) {
	s := newStack(t)
	off := []string{"eu-west-1"}
	if _, err := s.sts.UpdateSettings(context.Background(), sts.SettingsChange{DisabledRegions: &off}); err != nil {
		t.Fatal(err)
	}
	if status, _, body := s.call("", "eu-west-1", "sts", "Action=GetSessionToken"+version); status != 403 || !strings.Contains(body, "<Code>RegionDisabledException</Code>") {
		t.Errorf("%d %s", status, body)
	}
	for region, action := range map[string]string{"eu-west-1": "GetCallerIdentity", "us-east-1": "GetSessionToken"} {
		if status, _, body := s.call("", region, "sts", "Action="+action+version); status != 200 {
			t.Errorf("%s in %s: %d %s", action, region, status, body)
		}
	}
	r, err := http.NewRequest("POST", s.url+"/", strings.NewReader("Action=AssumeRoleWithWebIdentity&RoleArn=arn:aws:iam::000000000000:role/x&RoleSessionName=app&WebIdentityToken=abcd"+version))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = "sts.eu-west-1.amazonaws.com"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if status, _, body := s.send(r); status != 403 || !strings.Contains(body, "RegionDisabledException") {
		t.Errorf("unsigned: %d %s", status, body)
	}
}

// Lengths are counted in characters, not in bytes; too much is said in percent.
func TestPackedPolicyOnTheWire(t *testing.T) {
	s := newStack(t)
	if err := s.sts.CreateRole(context.Background(), &sts.Role{Name: "r", Trust: trust}); err != nil {
		t.Fatal(err)
	}
	form := url.Values{"Action": {"AssumeRole"}, "Version": {"2011-06-15"}, "RoleArn": {"arn:aws:iam::000000000000:role/r"}, "RoleSessionName": {"one"}}
	tag := func(i int, key, value string) {
		form.Set(fmt.Sprintf("Tags.member.%d.Key", i), key)
		form.Set(fmt.Sprintf("Tags.member.%d.Value", i), value)
	}
	tag(1, strings.Repeat("é", 128), strings.Repeat("ü", 256))
	if status, _, body := s.call("", "us-east-1", "sts", form.Encode()); status != 200 || !strings.Contains(body, "<PackedPolicySize>10</PackedPolicySize>") {
		t.Errorf("%d %s", status, body)
	}
	for i := 2; i <= 20; i++ {
		tag(i, fmt.Sprintf("key%d", i), strings.Repeat("v", 256))
	}
	if status, _, body := s.call("", "us-east-1", "sts", form.Encode()); status != 400 ||
		!strings.Contains(body, "<Code>PackedPolicyTooLarge</Code>") || !strings.Contains(body, "<Message>Packed size of session tags consumes 1") {
		t.Errorf("%d %s", status, body)
	}
}

// What a token may be is up to policies, by its audience, algorithm and life.
func TestWebIdentityTokenBySDK(t *testing.T) {
	s, ctx := newStack(t), context.Background()
	client := awssts.NewFromConfig(s.root())
	ask := &awssts.GetWebIdentityTokenInput{Audience: []string{"https://a.example"}, SigningAlgorithm: aws.String("ES384"), DurationSeconds: aws.Int32(60)}
	_, err := client.GetWebIdentityToken(ctx, ask)
	wantCode(t, err, 403, "OutboundWebIdentityFederationDisabledException", "Outbound web identity federation is not enabled for this account.")
	on := true
	if _, err := s.sts.UpdateSettings(ctx, sts.SettingsChange{Outbound: &on}); err != nil {
		t.Fatal(err)
	}
	out, err := client.GetWebIdentityToken(ctx, ask)
	if err != nil {
		t.Fatal(err)
	}
	if parts := strings.Split(*out.WebIdentityToken, "."); len(parts) != 3 || !json.Valid([]byte(`"`+parts[0]+`"`)) {
		t.Errorf("token %s", *out.WebIdentityToken)
	}
	if err := s.sts.CreateUser(ctx, &sts.User{Name: "ann"}); err != nil {
		t.Fatal(err)
	}
	if err := s.sts.PutUserPolicy(ctx, "ann", "p", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:GetWebIdentityToken","Resource":"*","Condition":{`+
		`"ForAllValues:StringEquals":{"sts:IdentityTokenAudience":"https://a.example"},"StringEquals":{"sts:SigningAlgorithm":"ES384"},"NumericLessThanEquals":{"sts:DurationSeconds":"60"}}}}`); err != nil {
		t.Fatal(err)
	}
	key, err := s.sts.CreateAccessKey(ctx, "ann")
	if err != nil {
		t.Fatal(err)
	}
	ann := awssts.NewFromConfig(s.config(key.ID, key.Secret, ""))
	if _, err := ann.GetWebIdentityToken(ctx, ask); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*awssts.GetWebIdentityTokenInput){
		"another audience": func(in *awssts.GetWebIdentityTokenInput) {
			in.Audience = []string{"https://a.example", "https://b.example"}
		},
		"another algorithm": func(in *awssts.GetWebIdentityTokenInput) { in.SigningAlgorithm = aws.String("RS256") },
		"longer":            func(in *awssts.GetWebIdentityTokenInput) { in.DurationSeconds = nil },
	} {
		in := *ask
		change(&in)
		if _, err := ann.GetWebIdentityToken(ctx, &in); err == nil || !strings.Contains(err.Error(), "AccessDenied") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
