package poolhouseapi_test

import (
	"testing"

	"github.com/poolhouse/poolhouse/server/poolhouseapi"
)

func TestMessageTexts(t *testing.T) {
	a, ctx := newAPI(t), t.Context()
	put := &poolhouseapi.PutMessageTextInput{UserPoolId: ptr(pool), Message: ptr("VERIFICATION"), Medium: ptr("EMAIL"), Locale: ptr("DE-ch"),
		Subject: ptr("Ihr Code"), Body: ptr("Ihr Code ist {####}.")}
	out, err := a.PutMessageText(ctx, put)
	if err != nil || *out.Text.Locale != "de-CH" || *out.Text.Subject != "Ihr Code" {
		t.Fatalf("%+v, %v", out, err)
	}
	list, err := a.ListMessageTexts(ctx, &poolhouseapi.ListMessageTextsInput{UserPoolId: ptr(pool)})
	if err != nil || len(list.Texts) != 1 || *list.Texts[0].Body != *put.Body || *list.Texts[0].Message != "VERIFICATION" || *list.Texts[0].Medium != "EMAIL" {
		t.Errorf("%+v, %v", list, err)
	}
	gone := &poolhouseapi.DeleteMessageTextInput{UserPoolId: ptr(pool), Message: ptr("VERIFICATION"), Medium: ptr("EMAIL"), Locale: ptr("de-CH")}
	if _, err := a.DeleteMessageText(ctx, gone); err != nil {
		t.Error(err)
	}
	if _, err := a.DeleteMessageText(ctx, gone); code(err) != "ResourceNotFoundException" {
		t.Errorf("deleted twice: %v", err)
	}
	put.Body = ptr("no code")
	if _, err := a.PutMessageText(ctx, put); code(err) != "InvalidParameterException" {
		t.Errorf("without a code: %v", err)
	}
	if _, err := a.ListMessageTexts(ctx, &poolhouseapi.ListMessageTextsInput{UserPoolId: ptr("us-east-1_None")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("unknown pool: %v", err)
	}
}
