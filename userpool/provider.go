package userpool

// A ProviderStore keeps identity providers and the links of users to them.
type ProviderStore interface{}
