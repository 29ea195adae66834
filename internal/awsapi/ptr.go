package awsapi

// Ptr returns a pointer to v: the form of a scalar in generated shapes.
func Ptr[T any](v T) *T { return &v }

// Value returns what p points to, or the zero value where p is nil.
func Value[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}
