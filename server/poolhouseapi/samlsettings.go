package poolhouseapi

import (
	"github.com/poolhouse/poolhouse/idp/samlidp"
	"github.com/poolhouse/poolhouse/internal/awsapi"
)

// settingsIn keeps nil, which means no change, apart from empty settings.
func settingsIn(in *SamlSettingsType) *samlidp.Settings {
	if in == nil {
		return nil
	}
	return &samlidp.Settings{
		SignatureAlgorithm:  awsapi.Value(in.SignatureAlgorithm),
		SigningKeyID:        awsapi.Value(in.SigningKeyId),
		SubjectID:           awsapi.Value(in.SubjectId),
		EncryptIfOffered:    awsapi.Value(in.EncryptIfOffered),
		EncryptionAlgorithm: awsapi.Value(in.EncryptionAlgorithm),
		NameIDExpression:    awsapi.Value(in.NameIdExpression),
		GroupPrefixes:       in.GroupPrefixes,
		GroupPattern:        awsapi.Value(in.GroupPattern),
		OnlyRequested:       awsapi.Value(in.OnlyRequested),
		MetadataSigner:      awsapi.Value(in.MetadataSigner),
		MetadataEntityID:    awsapi.Value(in.MetadataEntityId),
		MetadataQuery:       awsapi.Value(in.MetadataQuery),
		MetadataValidDays:   int(awsapi.Value(in.MetadataValidDays)),
		RelayState:          awsapi.Value(in.RelayState),
		RelayStateFixed:     awsapi.Value(in.RelayStateFixed),
		LogoutBySOAP:        awsapi.Value(in.LogoutBySoap),

		RequireSignedRequests: awsapi.Value(in.RequireSignedRequests),
	}
}

func settingsOut(s *samlidp.Settings) *SamlSettingsType {
	return &SamlSettingsType{
		SignatureAlgorithm:  given(s.SignatureAlgorithm),
		SigningKeyId:        given(s.SigningKeyID),
		SubjectId:           given(s.SubjectID),
		EncryptIfOffered:    &s.EncryptIfOffered,
		EncryptionAlgorithm: given(s.EncryptionAlgorithm),
		NameIdExpression:    given(s.NameIDExpression),
		GroupPrefixes:       s.GroupPrefixes,
		GroupPattern:        given(s.GroupPattern),
		OnlyRequested:       &s.OnlyRequested,
		MetadataSigner:      given(s.MetadataSigner),
		MetadataEntityId:    given(s.MetadataEntityID),
		MetadataQuery:       &s.MetadataQuery,
		MetadataValidDays:   awsapi.Ptr(int32(s.MetadataValidDays)),
		RelayState:          given(s.RelayState),
		RelayStateFixed:     &s.RelayStateFixed,
		LogoutBySoap:        &s.LogoutBySOAP,

		RequireSignedRequests: &s.RequireSignedRequests,
	}
}

// given is a text as a member that stays away where there is none.
func given(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
