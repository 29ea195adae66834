package userpool

import "context"

type (
	clientMetadataKey struct{}
	validationDataKey struct{}
	callerSDKKey      struct{}
)

// WithClientMetadata returns a context that carries what a client says to the
// functions of triggers. It is neither stored nor judged.
func WithClientMetadata(ctx context.Context, m map[string]string) context.Context {
	return context.WithValue(ctx, clientMetadataKey{}, m)
}

// WithValidationData returns a context that carries what a client says to the
// functions that judge a sign-up or a sign-in before it happens.
func WithValidationData(ctx context.Context, m map[string]string) context.Context {
	return context.WithValue(ctx, validationDataKey{}, m)
}

// WithCallerSDK returns a context that carries the name and version of the SDK
// that called, for instance "aws-sdk-js-3.658.1".
func WithCallerSDK(ctx context.Context, sdk string) context.Context {
	return context.WithValue(ctx, callerSDKKey{}, sdk)
}

func metadataOf(ctx context.Context) metadata {
	m, _ := ctx.Value(clientMetadataKey{}).(map[string]string)
	return metadata{m}
}

func validationDataOf(ctx context.Context) map[string]string {
	m, _ := ctx.Value(validationDataKey{}).(map[string]string)
	return m
}

func callerSDK(ctx context.Context) string {
	if sdk, ok := ctx.Value(callerSDKKey{}).(string); ok && sdk != "" {
		return sdk
	}
	return "aws-sdk-unknown-unknown"
}
