package identity

// Peek is for the fuzz test.
var Peek = peek
