package userpool

// A ImportStore keeps user import jobs.
type ImportStore interface{}
