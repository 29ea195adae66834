package cognitoidp

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// riskOps are the operations on threat protection and sign-in events.
func (a *API) riskOps() []awsapi.Op {
	return []awsapi.Op{
		awsapi.Func("AdminListUserAuthEvents", awsapi.SigV4, a.AdminListUserAuthEvents),
		awsapi.Func("AdminUpdateAuthEventFeedback", awsapi.SigV4, a.AdminUpdateAuthEventFeedback),
		awsapi.Func("DescribeRiskConfiguration", awsapi.SigV4, a.DescribeRiskConfiguration),
		awsapi.Func("SetRiskConfiguration", awsapi.SigV4, a.SetRiskConfiguration),
		awsapi.Func("UpdateAuthEventFeedback", awsapi.Public, a.UpdateAuthEventFeedback),
	}
}

// AdminListUserAuthEvents lists the sign-in events of a user, the newest first.
func (a *API) AdminListUserAuthEvents(ctx context.Context, in *AdminListUserAuthEventsInput) (*AdminListUserAuthEventsOutput, error) {
	events, next, err := a.Pools.AuthEvents(ctx, pool(in.UserPoolId), *in.Username, awsapi.Value(in.NextToken), int(awsapi.Value(in.MaxResults)))
	if err != nil {
		return nil, err
	}
	out := &AdminListUserAuthEventsOutput{AuthEvents: []AuthEventType{}, NextToken: optional(next)}
	for _, e := range events {
		out.AuthEvents = append(out.AuthEvents, eventOut(e))
	}
	return out, nil
}

// AdminUpdateAuthEventFeedback says whether a sign-in was its user's own.
func (a *API) AdminUpdateAuthEventFeedback(ctx context.Context, in *AdminUpdateAuthEventFeedbackInput) (*AdminUpdateAuthEventFeedbackOutput, error) {
	err := a.Pools.GiveFeedback(ctx, pool(in.UserPoolId), *in.Username, *in.EventId, *in.FeedbackValue == feedbackValid)
	return &AdminUpdateAuthEventFeedbackOutput{}, err
}

// UpdateAuthEventFeedback is the same in the user's own name.
func (a *API) UpdateAuthEventFeedback(ctx context.Context, in *UpdateAuthEventFeedbackInput) (*UpdateAuthEventFeedbackOutput, error) {
	err := a.Pools.GiveOwnFeedback(ctx, pool(in.UserPoolId), *in.Username, *in.EventId, *in.FeedbackToken, *in.FeedbackValue == feedbackValid)
	return &UpdateAuthEventFeedbackOutput{}, err
}

const feedbackValid = "Valid"

// pick returns yes or no.
func pick(which bool, yes, no string) *string {
	if which {
		return &yes
	}
	return &no
}

func eventOut(e *userpool.Event) AuthEventType {
	out := AuthEventType{EventId: &e.ID, EventType: &e.Type, CreationDate: stamp(e.Created), EventResponse: pick(e.Passed, "Pass", "Fail"),
		EventContextData: &EventContextDataType{IpAddress: optional(e.IP), DeviceName: optional(e.Device)}}
	if e.Pending {
		out.EventResponse = awsapi.Ptr("InProgress")
	}
	if r := e.Risk; r != nil {
		out.EventRisk = &EventRiskType{RiskDecision: &r.Decision, RiskLevel: optional(r.Level), CompromisedCredentialsDetected: &r.Compromised}
	}
	if at := e.Place; at != nil {
		d := out.EventContextData
		d.City, d.Country, d.Timezone = optional(at.City), optional(at.CountryName), optional(at.Timezone)
	}
	for _, c := range e.Challenges {
		out.ChallengeResponses = append(out.ChallengeResponses, ChallengeResponseType{ChallengeName: &c.Name, ChallengeResponse: pick(c.Passed, "Success", "Failure")})
	}
	if f := e.Feedback; f != nil {
		out.EventFeedback = &EventFeedbackType{FeedbackValue: pick(f.Valid, feedbackValid, "Invalid"), Provider: &f.Provider, FeedbackDate: stamp(f.Given)}
	}
	return out
}
