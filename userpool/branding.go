package userpool

// A BrandingStore keeps branding and terms.
type BrandingStore interface{}
