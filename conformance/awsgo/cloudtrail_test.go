package awsgo_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	idp "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/poolhouse/poolhouse/conformance/harness"
)

func TestCloudTrail(t *testing.T) {
	harness.EachProfile(t, func(t *testing.T, s *harness.Server) {
		s.Ledger = harness.NewLedger(t, "cloudtrail")
		began := time.Now()
		role, err := s.Root().IAM.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("trail"), Path: aws.String("/team/"),
			AssumeRolePolicyDocument: trust(`{"AWS":"` + harness.Account + `"}`)})
		must(t, err)
		session, err := s.Root().STS.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("walker")})
		must(t, err)
		for range 12 { // refused: the role has no permission
			_, err := s.As(*session.Credentials.AccessKeyId, *session.Credentials.SecretAccessKey, *session.Credentials.SessionToken).
				IDP.ListUserPools(t.Context(), &idp.ListUserPoolsInput{MaxResults: aws.Int32(1)})
			harness.WantCode(t, err, "AccessDeniedException", "")
		}
		s.Ledger.Test(t, "attributes", "LookupEvents", func(t *testing.T) { trailAttributes(t, s, *role.Role.Arn, *session.Credentials.AccessKeyId) })
		t.Run("pages", func(t *testing.T) { trailPages(t, s) })
		t.Run("times", func(t *testing.T) { trailTimes(t, s, began) })
		t.Run("refusals", func(t *testing.T) { trailRefusals(t, s) })
		t.Run("ledger", s.Ledger.Settle)
	})
}

func attributes(key types.LookupAttributeKey, value string) []types.LookupAttribute {
	return []types.LookupAttribute{{AttributeKey: key, AttributeValue: &value}}
}

func trailAttributes(t *testing.T, s *harness.Server, role, key string) {
	newest, err := s.Root().Trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(1)})
	must(t, err)
	for _, tt := range []struct {
		key   types.LookupAttributeKey
		value string
		want  int
	}{
		{types.LookupAttributeKeyEventId, *newest.Events[0].EventId, 1},
		{types.LookupAttributeKeyEventName, "CreateRole", 1},
		{types.LookupAttributeKeyUsername, "walker", 12},
		{types.LookupAttributeKeyAccessKeyId, key, 12},
		{types.LookupAttributeKeyEventSource, "iam.amazonaws.com", 1},
		{types.LookupAttributeKeyReadOnly, "false", 1},
		{types.LookupAttributeKeyResourceName, role, 2},
		{types.LookupAttributeKeyResourceName, "trail", 2},
		{types.LookupAttributeKeyResourceType, "AWS::IAM::Role", 2},
		{types.LookupAttributeKeyEventName, "DeleteRole", 0},
	} {
		out, err := s.Root().Trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: attributes(tt.key, tt.value)})
		must(t, err)
		if len(out.Events) != tt.want {
			t.Errorf("%s %s: %d events, want %d", tt.key, tt.value, len(out.Events), tt.want)
		}
	}
	refused, err := s.Root().Trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{LookupAttributes: attributes(types.LookupAttributeKeyUsername, "walker")})
	must(t, err)
	var record map[string]any
	must(t, json.Unmarshal([]byte(*refused.Events[0].CloudTrailEvent), &record))
	if record["errorCode"] != "AccessDeniedException" || record["eventName"] != "ListUserPools" || record["eventID"] != *refused.Events[0].EventId {
		t.Errorf("record %v", record)
	}
}

func trailPages(t *testing.T, s *harness.Server) {
	in := cloudtrail.LookupEventsInput{LookupAttributes: attributes(types.LookupAttributeKeyUsername, "walker"), MaxResults: aws.Int32(5)}
	pages := cloudtrail.NewLookupEventsPaginator(s.Root().Trail, &in)
	seen, sizes := map[string]bool{}, []int{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		must(t, err)
		sizes = append(sizes, len(page.Events))
		for _, e := range page.Events {
			seen[*e.EventId] = true
		}
	}
	if len(seen) != 12 || len(sizes) != 3 {
		t.Errorf("%d events on pages of %v", len(seen), sizes)
	}
}

func trailTimes(t *testing.T, s *harness.Server, began time.Time) {
	for name, tt := range map[string]struct {
		from, to time.Time
		want     bool
	}{
		"around": {began, time.Now(), true}, "before": {began.Add(-time.Hour), began.Add(-time.Minute), false},
		"after": {time.Now().Add(time.Minute), time.Now().Add(time.Hour), false},
	} {
		out, err := s.Root().Trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{StartTime: &tt.from, EndTime: &tt.to})
		must(t, err)
		if (len(out.Events) > 0) != tt.want {
			t.Errorf("%s: %d events", name, len(out.Events))
		}
	}
}

func trailRefusals(t *testing.T, s *harness.Server) {
	ctx, root := t.Context(), s.Root().Trail
	page, err := root.LookupEvents(ctx, &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(1)})
	must(t, err)
	for name, tt := range map[string]struct {
		in   cloudtrail.LookupEventsInput
		want string
	}{
		"unknown attribute": {cloudtrail.LookupEventsInput{LookupAttributes: attributes("Colour", "red")}, "InvalidLookupAttributesException"},
		"empty value":       {cloudtrail.LookupEventsInput{LookupAttributes: attributes("EventName", "")}, "InvalidLookupAttributesException"},
		"two attributes": {cloudtrail.LookupEventsInput{LookupAttributes: append(attributes("EventName", "a"), attributes("Username", "b")...)},
			"InvalidLookupAttributesException"},
		"no results":       {cloudtrail.LookupEventsInput{MaxResults: aws.Int32(0)}, "InvalidMaxResultsException"},
		"too many results": {cloudtrail.LookupEventsInput{MaxResults: aws.Int32(51)}, "InvalidMaxResultsException"},
		"category":         {cloudtrail.LookupEventsInput{EventCategory: "gossip"}, "InvalidEventCategoryException"},
		"times": {cloudtrail.LookupEventsInput{StartTime: aws.Time(time.Now()), EndTime: aws.Time(time.Now().Add(-time.Hour))},
			"InvalidTimeRangeException"},
		"made-up token": {cloudtrail.LookupEventsInput{NextToken: aws.String("AAAA")}, "InvalidNextTokenException"},
		"another lookup's token": {cloudtrail.LookupEventsInput{NextToken: page.NextToken, LookupAttributes: attributes("EventName", "a")},
			"InvalidNextTokenException"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := root.LookupEvents(ctx, &tt.in)
			harness.WantCode(t, err, tt.want, "")
		})
	}
}

// record returns what the log has of the newest call of an operation.
func record(t *testing.T, s *harness.Server, operation string) (r map[string]any) {
	t.Helper()
	out, err := s.Root().Trail.LookupEvents(t.Context(), &cloudtrail.LookupEventsInput{MaxResults: aws.Int32(1),
		LookupAttributes: attributes(types.LookupAttributeKeyEventName, operation)})
	must(t, err)
	if len(out.Events) == 0 {
		t.Fatalf("no event %s", operation)
	}
	must(t, json.Unmarshal([]byte(*out.Events[0].CloudTrailEvent), &r))
	return r
}

// member walks into a record.
func member(r map[string]any, path ...string) any {
	var v any = r
	for _, name := range path {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// wantMembers compares members of a record, named by their paths.
func wantMembers(t *testing.T, r map[string]any, want map[string]any) {
	t.Helper()
	for path, value := range want {
		if got := member(r, strings.Split(path, ".")...); got != value {
			t.Errorf("%s: %v, want %v", path, got, value)
		}
	}
}
