package cognitoidp

import (
	"context"
	"time"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// DescribeRiskConfiguration returns what is done about risks in a pool or, with a
// ClientId, in one of its clients.
func (a *API) DescribeRiskConfiguration(ctx context.Context, in *DescribeRiskConfigurationInput) (*DescribeRiskConfigurationOutput, error) {
	c, err := a.Pools.RiskConfiguration(ctx, pool(in.UserPoolId), userpool.ClientID(awsapi.Value(in.ClientId)))
	if err != nil {
		return nil, err
	}
	return &DescribeRiskConfigurationOutput{RiskConfiguration: riskOut(c)}, nil
}

// SetRiskConfiguration replaces it. Without any part it is deleted.
func (a *API) SetRiskConfiguration(ctx context.Context, in *SetRiskConfigurationInput) (*SetRiskConfigurationOutput, error) {
	c, err := a.Pools.SetRiskConfiguration(ctx, &userpool.RiskConfiguration{Pool: pool(in.UserPoolId), Client: userpool.ClientID(awsapi.Value(in.ClientId)),
		Compromised: compromisedIn(in.CompromisedCredentialsRiskConfiguration), Takeover: takeoverIn(in.AccountTakeoverRiskConfiguration),
		Exceptions: exceptionsIn(in.RiskExceptionConfiguration)})
	if err != nil {
		return nil, err
	}
	return &SetRiskConfigurationOutput{RiskConfiguration: riskOut(c)}, nil
}

func compromisedIn(in *CompromisedCredentialsRiskConfigurationType) *userpool.CompromisedRules {
	if in == nil {
		return nil
	}
	return &userpool.CompromisedRules{Events: in.EventFilter, Action: *in.Actions.EventAction}
}

func takeoverIn(in *AccountTakeoverRiskConfigurationType) *userpool.TakeoverRules {
	if in == nil {
		return nil
	}
	action := func(a *AccountTakeoverActionType) *userpool.RiskAction {
		if a == nil {
			return nil
		}
		return &userpool.RiskAction{Action: *a.EventAction, Notify: *a.Notify}
	}
	out := &userpool.TakeoverRules{Low: action(in.Actions.LowAction), Medium: action(in.Actions.MediumAction), High: action(in.Actions.HighAction)}
	if n := in.NotifyConfiguration; n != nil {
		out.Notify = &userpool.NotifyRules{From: awsapi.Value(n.From), ReplyTo: awsapi.Value(n.ReplyTo), SourceARN: *n.SourceArn,
			Block: notifyMailIn(n.BlockEmail), NoAction: notifyMailIn(n.NoActionEmail), MFA: notifyMailIn(n.MfaEmail)}
	}
	return out
}

func notifyMailIn(in *NotifyEmailType) *userpool.NotifyMail {
	if in == nil {
		return nil
	}
	return &userpool.NotifyMail{Subject: *in.Subject, HTML: awsapi.Value(in.HtmlBody), Text: awsapi.Value(in.TextBody)}
}

func exceptionsIn(in *RiskExceptionConfigurationType) *userpool.RiskExceptions {
	if in == nil {
		return nil
	}
	return &userpool.RiskExceptions{Blocked: in.BlockedIPRangeList, Skipped: in.SkippedIPRangeList}
}

// riskOut reports a configuration as it was given.
func riskOut(c *userpool.RiskConfiguration) *RiskConfigurationType {
	out := &RiskConfigurationType{UserPoolId: awsapi.Ptr(string(c.Pool)), ClientId: optional(string(c.Client)), AccountTakeoverRiskConfiguration: takeoverOut(c.Takeover)}
	if c.Modified != (time.Time{}) {
		out.LastModifiedDate = stamp(c.Modified)
	}
	if r := c.Compromised; r != nil {
		out.CompromisedCredentialsRiskConfiguration = &CompromisedCredentialsRiskConfigurationType{EventFilter: r.Events,
			Actions: &CompromisedCredentialsActionsType{EventAction: &r.Action}}
	}
	if e := c.Exceptions; e != nil {
		out.RiskExceptionConfiguration = &RiskExceptionConfigurationType{BlockedIPRangeList: e.Blocked, SkippedIPRangeList: e.Skipped}
	}
	return out
}

func takeoverOut(t *userpool.TakeoverRules) *AccountTakeoverRiskConfigurationType {
	if t == nil {
		return nil
	}
	action := func(a *userpool.RiskAction) *AccountTakeoverActionType {
		if a == nil {
			return nil
		}
		return &AccountTakeoverActionType{EventAction: &a.Action, Notify: &a.Notify}
	}
	out := &AccountTakeoverRiskConfigurationType{Actions: &AccountTakeoverActionsType{LowAction: action(t.Low), MediumAction: action(t.Medium), HighAction: action(t.High)}}
	if n := t.Notify; n != nil {
		out.NotifyConfiguration = &NotifyConfigurationType{From: optional(n.From), ReplyTo: optional(n.ReplyTo), SourceArn: &n.SourceARN,
			BlockEmail: notifyMailOut(n.Block), NoActionEmail: notifyMailOut(n.NoAction), MfaEmail: notifyMailOut(n.MFA)}
	}
	return out
}

func notifyMailOut(m *userpool.NotifyMail) *NotifyEmailType {
	if m == nil {
		return nil
	}
	return &NotifyEmailType{Subject: &m.Subject, HtmlBody: optional(m.HTML), TextBody: optional(m.Text)}
}
