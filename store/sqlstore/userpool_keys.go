package sqlstore

import (
	"maps"
	"slices"

	"github.com/poolhouse/poolhouse/userpool"
)

// attributeKeys translate between the names of attributes and the keys that users'
// rows have for them. Most pools need no translation: theirs are nil.
type attributeKeys struct {
	Keys    map[string]string `json:",omitempty"` // by name, where they differ
	Removed []string          `json:",omitempty"` // keys of attributes that are no more

	names map[string]string // by key
}

// keysOf returns the column attribute_keys of a pool.
func keysOf(p *userpool.Pool) string {
	k := attributeKeys{Keys: map[string]string{}, Removed: p.RemovedKeys}
	for _, a := range p.Schema {
		if a.Key != "" && a.Key != a.Name {
			k.Keys[a.Name] = a.Key
		}
	}
	if len(k.Keys) == 0 && len(k.Removed) == 0 {
		return ""
	}
	return encode(k)
}

// scanKeys reads the column.
func scanKeys(text string) (*attributeKeys, error) {
	if text == "" {
		return nil, nil
	}
	k := &attributeKeys{names: map[string]string{}}
	if err := decode(text, k); err != nil {
		return nil, err
	}
	for name, key := range k.Keys {
		k.names[key] = name
	}
	return k, nil
}

// named returns a row's attributes by their names. Those that were removed are gone.
func (k *attributeKeys) named(stored map[string]string) map[string]string {
	if k == nil {
		return stored
	}
	out := make(map[string]string, len(stored))
	for key, value := range stored {
		switch name := k.names[key]; {
		case slices.Contains(k.Removed, key):
		case name != "":
			out[name] = value
		default:
			out[key] = value
		}
	}
	return out
}

// stored returns attributes by the keys of a row. Whoever judged them by a schema of
// a moment ago may use a name that is another by now: a renamed attribute's old name
// means it still, and the name of a removed one means nothing.
func (k *attributeKeys) stored(named map[string]string) map[string]string {
	if k == nil {
		return named
	}
	out, late := make(map[string]string, len(named)), map[string]string{}
	for name, value := range named {
		switch key := k.Keys[name]; {
		case key != "":
			out[key] = value
		case k.names[name] != "":
			late[name] = value
		case !slices.Contains(k.Removed, name):
			out[name] = value
		}
	}
	maps.Copy(out, late)
	return out
}

// key returns what an attribute is stored under.
func (k *attributeKeys) key(name string) string {
	if k != nil && k.Keys[name] != "" {
		return k.Keys[name]
	}
	return name
}
