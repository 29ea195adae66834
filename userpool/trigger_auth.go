package userpool

import "context"

// PreAuthentication asks whether a sign-in may begin. u is nil for a name that
// nobody has, which the function sees where the client hides who exists. c is nil
// for a sign-in that no app started.
func (t *Triggers) PreAuthentication(ctx context.Context, p *Pool, c *Client, u *User, typed string) error {
	if u == nil && !hides(c) {
		return nil
	}
	who, name := p.aboutAny(u, typed)
	request := struct {
		stranger
		Validation map[string]string `json:"validationData,omitempty"`
	}{who, validationDataOf(ctx)}
	_, err := t.run(ctx, p, triggerPreAuthentication, newEvent("PreAuthentication_Authentication", idOf(c), name, request), &none{})
	return err
}

// PostAuthentication asks whether a sign-in that has proved everything may end in
// tokens.
func (t *Triggers) PostAuthentication(ctx context.Context, p *Pool, c *Client, u *User, newDevice bool) error {
	request := struct {
		subject
		NewDevice bool `json:"newDeviceUsed"`
		metadata
	}{p.about(u), newDevice, metadataOf(ctx)}
	_, err := t.run(ctx, p, triggerPostAuthentication, newEvent("PostAuthentication_Authentication", idOf(c), u.Username, request), &none{})
	return err
}

// A Round is a challenge of a custom sign-in that was answered.
type Round struct {
	Name     string  `json:"challengeName"`
	Result   bool    `json:"challengeResult"`
	Metadata *string `json:"challengeMetadata"`
}

// A Decision is what comes next in a custom sign-in. Fail wins over Issue, which
// wins over the challenge; one of them is set.
type Decision struct {
	Challenge string // CUSTOM_CHALLENGE, or PASSWORD_VERIFIER after SRP_A
	Issue     bool   // tokens
	Fail      bool
}

var errNoCustomAuth = invalid("Custom auth lambda trigger is not configured for the user pool.")

// challengeCustom is the challenge whose question a function makes up.
const challengeCustom = "CUSTOM_CHALLENGE"

type challengeRequest struct {
	stranger
	Name   string  `json:"challengeName,omitempty"`
	Rounds []Round `json:"session"`
	metadata
}

func (p *Pool) challengeRequest(ctx context.Context, u *User, typed string, rounds []Round) (challengeRequest, string) {
	if rounds == nil {
		rounds = []Round{}
	}
	who, name := p.aboutAny(u, typed)
	return challengeRequest{stranger: who, Rounds: rounds, metadata: metadataOf(ctx)}, name
}

// DefineChallenge asks what a custom sign-in does next. rounds are oldest first. A
// pool without the function is an ErrInvalidParameter.
func (t *Triggers) DefineChallenge(ctx context.Context, p *Pool, c *Client, u *User, typed string, rounds []Round) (*Decision, error) {
	request, name := p.challengeRequest(ctx, u, typed, rounds)
	var out struct {
		Challenge *string `json:"challengeName"`
		Issue     *bool   `json:"issueTokens"`
		Fail      *bool   `json:"failAuthentication"`
	}
	ran, err := t.run(ctx, p, triggerDefine, newEvent("DefineAuthChallenge_Authentication", c.ID, name, request), &out)
	if err != nil {
		return nil, err
	}
	if !ran {
		return nil, errNoCustomAuth
	}
	d := &Decision{deref(out.Challenge), deref(out.Issue), deref(out.Fail)}
	if d.Challenge == "" && !d.Issue && !d.Fail {
		return nil, errLambdaOutput
	}
	return d, nil
}

// A CustomChallenge is a question that a function asks.
type CustomChallenge struct {
	Public   map[string]string // for the client
	Private  map[string]string // for VerifyChallenge alone
	Metadata *string           // for the round
}

// CreateChallenge asks for the question of a custom sign-in. A pool without the
// function is an ErrInvalidParameter.
func (t *Triggers) CreateChallenge(ctx context.Context, p *Pool, c *Client, u *User, typed string, rounds []Round) (*CustomChallenge, error) {
	request, name := p.challengeRequest(ctx, u, typed, rounds)
	request.Name = challengeCustom
	var out struct {
		Public   map[string]string `json:"publicChallengeParameters"`
		Private  map[string]string `json:"privateChallengeParameters"`
		Metadata *string           `json:"challengeMetadata"`
	}
	ran, err := t.run(ctx, p, triggerCreate, newEvent("CreateAuthChallenge_Authentication", c.ID, name, request), &out)
	if err != nil {
		return nil, err
	}
	if !ran {
		return nil, errNoCustomAuth
	}
	return &CustomChallenge{out.Public, out.Private, out.Metadata}, nil
}

// VerifyChallenge asks whether the answer of a client is right. private is that of
// the challenge. A pool without the function is an ErrInvalidParameter.
func (t *Triggers) VerifyChallenge(ctx context.Context, p *Pool, c *Client, u *User, typed string, private map[string]string, answer string) (bool, error) {
	who, name := p.aboutAny(u, typed)
	request := struct {
		stranger
		Private map[string]string `json:"privateChallengeParameters"`
		Answer  string            `json:"challengeAnswer"`
		metadata
	}{who, private, answer, metadataOf(ctx)}
	var out struct {
		Correct *bool `json:"answerCorrect"`
	}
	ran, err := t.run(ctx, p, triggerVerify, newEvent("VerifyAuthChallengeResponse_Authentication", c.ID, name, request), &out)
	if err == nil && !ran {
		err = errNoCustomAuth
	}
	return err == nil && deref(out.Correct), err
}

func deref[T any](v *T) T {
	if v == nil {
		return *new(T)
	}
	return *v
}
