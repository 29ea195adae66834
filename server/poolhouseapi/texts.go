package poolhouseapi

import (
	"context"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// PutMessageText sets what a message of a pool says in one language.
func (a *API) PutMessageText(ctx context.Context, in *PutMessageTextInput) (*PutMessageTextOutput, error) {
	t := localText(*in.Message, *in.Medium, *in.Locale)
	t.Subject, t.Body = awsapi.Value(in.Subject), *in.Body
	t, err := a.Pools.PutMessageText(ctx, userpool.PoolID(*in.UserPoolId), t)
	if err != nil {
		return nil, err
	}
	return &PutMessageTextOutput{Text: awsapi.Ptr(textOut(t))}, nil
}

// DeleteMessageText takes a language's text away: the pool's own text is used again.
func (a *API) DeleteMessageText(ctx context.Context, in *DeleteMessageTextInput) (*DeleteMessageTextOutput, error) {
	err := a.Pools.DeleteMessageText(ctx, userpool.PoolID(*in.UserPoolId), localText(*in.Message, *in.Medium, *in.Locale))
	if err != nil {
		return nil, err
	}
	return &DeleteMessageTextOutput{}, nil
}

// ListMessageTexts returns all texts of a pool that are for one language.
func (a *API) ListMessageTexts(ctx context.Context, in *ListMessageTextsInput) (*ListMessageTextsOutput, error) {
	p, err := a.Pools.Pool(ctx, userpool.PoolID(*in.UserPoolId))
	if err != nil {
		return nil, err
	}
	out := &ListMessageTextsOutput{Texts: make([]MessageTextType, 0, len(p.Texts))}
	for _, t := range p.Texts {
		out.Texts = append(out.Texts, textOut(t))
	}
	return out, nil
}

func localText(kind, medium, locale string) userpool.LocalText {
	return userpool.LocalText{Kind: userpool.TextKind(kind), Medium: medium, Locale: locale}
}

func textOut(t userpool.LocalText) MessageTextType {
	out := MessageTextType{Message: awsapi.Ptr(string(t.Kind)), Medium: &t.Medium, Locale: &t.Locale, Body: &t.Body}
	if t.Subject != "" {
		out.Subject = &t.Subject
	}
	return out
}
