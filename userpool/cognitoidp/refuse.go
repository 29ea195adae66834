package cognitoidp

import (
	"slices"

	"github.com/poolhouse/poolhouse/internal/awsapi"
	"github.com/poolhouse/poolhouse/userpool"
)

// refuse returns an error for settings that would promise a protection, or a
// step of a sign-in, that nothing here provides. To store them would be a lie.
func refuse(in *CreateUserPoolInput) error {
	if k := in.KeyConfiguration; k != nil && awsapi.Value(k.KmsKeyArn) != "" {
		return unsupported("KeyConfiguration.KmsKeyArn")
	}
	if i := in.IssuerConfiguration; i != nil && !slices.Contains([]string{"", "ORIGINAL"}, awsapi.Value(i.Type)) {
		return unsupported("IssuerConfiguration.Type " + *i.Type)
	}
	return nil
}

// unsupported names a setting that is refused.
func unsupported(setting string) error {
	return userpool.Fail(userpool.ErrInvalidParameter, setting+" is not supported by this server yet.")
}
