// Package audit keeps the record of what was done, by whom and from where, in the
// shape of CloudTrail records. Records are chained: each carries a keyed hash over
// itself and its predecessor, so that none can be changed, removed or slipped in
// without the master key. A process writes a chain of its own, a segment, so
// that several nodes never wait for each other.
//
// Recording costs a request one send on a channel. Encoding, hashing and writing
// happen in the background, in batches; a crash loses what was recorded in the
// last moments (Config.Linger).
package audit
