package userpool

// A EventStore keeps sign-in events.
type EventStore interface{}
