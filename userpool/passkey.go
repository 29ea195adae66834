package userpool

// A PasskeyStore keeps passkeys.
type PasskeyStore interface{}
