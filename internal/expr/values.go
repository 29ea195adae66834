package expr

import (
	"fmt"
	"strconv"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// maxValues bounds how many values an expression may give.
const maxValues = 1000

// texts turns a result into texts.
func texts(v ref.Val) ([]string, error) {
	switch v := v.(type) {
	case types.String:
		return nonEmpty(string(v)), nil
	case types.Bool:
		return []string{strconv.FormatBool(bool(v))}, nil
	case types.Int:
		return []string{strconv.FormatInt(int64(v), 10)}, nil
	case types.Uint:
		return []string{strconv.FormatUint(uint64(v), 10)}, nil
	case types.Null:
		return nil, nil
	case *types.Optional:
		if !v.HasValue() {
			return nil, nil
		}
		return texts(v.GetValue())
	case traits.Lister:
		return list(v)
	}
	return nil, fmt.Errorf("%w: its result is %s", ErrEvaluate, v.Type().TypeName())
}

func list(v traits.Lister) ([]string, error) {
	size, ok := v.Size().(types.Int)
	if !ok || size > maxValues {
		return nil, fmt.Errorf("%w: more than %d values", ErrEvaluate, maxValues)
	}
	var all []string
	for i := range size {
		item, ok := v.Get(i).(types.String)
		if !ok {
			return nil, fmt.Errorf("%w: a list that holds more than texts", ErrEvaluate)
		}
		all = append(all, nonEmpty(string(item))...)
	}
	return all, nil
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}
