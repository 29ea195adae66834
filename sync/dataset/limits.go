package dataset

// Limits bound what one identity may store. Sizes are in bytes of UTF-8.
type Limits struct {
	Datasets int64 // that exist, of one identity
	Names    int64 // of datasets, deleted ones included: their counters are kept
	Records  int64 // in a dataset, without the removed ones
	Keys     int64 // in a dataset, with the removed ones
	Bytes    int64 // of keys and values in a dataset
}

// DefaultLimits are those of Cognito Sync, and two of our own (Names, Keys) for
// what it keeps without a bound: an identity costs nothing to get, so none may
// grow for ever.
func DefaultLimits() Limits {
	return Limits{Datasets: 20, Names: 1000, Records: 1024, Keys: MaxBatch, Bytes: 1 << 20}
}

// A Limit names one of the Limits.
type Limit string

// The limits.
const (
	LimitDatasets Limit = "datasets"
	LimitNames    Limit = "names"
	LimitRecords  Limit = "records"
	LimitKeys     Limit = "keys"
	LimitBytes    Limit = "bytes"
	LimitCounts   Limit = "counts" // MaxSyncCount
)

// Exceeded returns the ErrLimitExceeded of one limit.
func (l Limits) Exceeded(which Limit) error {
	switch which {
	case LimitDatasets:
		return Fail(ErrLimitExceeded, "An identity can have at most %d datasets.", l.Datasets)
	case LimitNames:
		return Fail(ErrLimitExceeded, "An identity can use at most %d dataset names, those of deleted datasets included.", l.Names)
	case LimitRecords:
		return Fail(ErrLimitExceeded, "A dataset can hold at most %d records.", l.Records)
	case LimitKeys:
		return Fail(ErrLimitExceeded, "A dataset can hold at most %d keys, those of removed records included.", l.Keys)
	case LimitCounts:
		return Fail(ErrLimitExceeded, "The dataset has been changed too often.")
	default:
		return Fail(ErrLimitExceeded, "A dataset can hold at most %d bytes of keys and values.", l.Bytes)
	}
}

// Check returns the ErrLimitExceeded of a dataset that would go from old to new,
// if any. What does not grow passes, so that a lowered limit never keeps a
// device from removing records.
func (l Limits) Check(old, new *Dataset) error {
	switch {
	case new.Records > l.Records && new.Records > old.Records:
		return l.Exceeded(LimitRecords)
	case new.Keys > l.Keys && new.Keys > old.Keys:
		return l.Exceeded(LimitKeys)
	case new.Bytes > l.Bytes && new.Bytes > old.Bytes:
		return l.Exceeded(LimitBytes)
	}
	return nil
}
