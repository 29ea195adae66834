package userpool

import "slices"

// A Function is what a trigger runs.
type Function struct {
	ARN     string
	Version string `json:",omitempty"` // of the event: V1_0 where empty
}

// The names of triggers, as LambdaConfig has them.
const (
	triggerPreSignUp          = "PreSignUp"
	triggerPostConfirmation   = "PostConfirmation"
	triggerPreAuthentication  = "PreAuthentication"
	triggerPostAuthentication = "PostAuthentication"
	triggerDefine             = "DefineAuthChallenge"
	triggerCreate             = "CreateAuthChallenge"
	triggerVerify             = "VerifyAuthChallengeResponse"
	triggerMigration          = "UserMigration"
	triggerMessage            = "CustomMessage"
	triggerPreToken           = "PreTokenGeneration"
	triggerInbound            = "InboundFederation"
	triggerEmailSender        = "CustomEmailSender"
	triggerSMSSender          = "CustomSMSSender"
)

// Trigger returns the function that a trigger of the pool runs.
func (p *Pool) Trigger(name string) (function string, ok bool) {
	f, ok := p.Triggers[name]
	return f.ARN, ok
}

// CustomAuth reports whether the pool has the three functions of a custom sign-in.
func (p *Pool) CustomAuth() bool {
	return !slices.ContainsFunc([]string{triggerDefine, triggerCreate, triggerVerify},
		func(name string) bool { return p.Triggers[name].ARN == "" })
}
