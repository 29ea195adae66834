// Package geoiptest writes small databases of the MaxMind format for tests.
package geoiptest

import (
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The types of data (MaxMind DB File Format Specification 2.0).
const (
	typeString = 2
	typeDouble = 3
	typeUint16 = 5
	typeUint32 = 6
	typeMap    = 7
	typeUint64 = 9
	typeArray  = 11
)

// A tree has a node for each bit of a network. A record of it is the number of
// another node, or empty, or one of the data.
type tree [][2]record

type record struct {
	node int // 0 for none: the root is nobody's child
	data int // index+1; 0 for none
}

// Write writes a database that has a value for each network of entries, and returns
// its file. Values are maps, strings, float64, uint32.
func Write(t testing.TB, entries map[string]map[string]any) string {
	t.Helper()
	nodes := tree{{}}
	var data bytes.Buffer
	var offsets []int
	for _, text := range slices.Sorted(maps.Keys(entries)) {
		network := netip.MustParsePrefix(text)
		offsets = append(offsets, data.Len())
		nodes.put(network, len(offsets))
		encode(&data, entries[text])
	}
	var out bytes.Buffer
	nodes.encode(&out, offsets)
	out.Write(make([]byte, 16)) // between the tree and the data
	out.Write(data.Bytes())
	out.WriteString("\xab\xcd\xefMaxMind.com")
	encode(&out, map[string]any{"binary_format_major_version": uint16(2), "binary_format_minor_version": uint16(0), "build_epoch": uint64(1),
		"database_type": "Test-City", "description": map[string]any{"en": "test"}, "ip_version": uint16(6), "languages": []any{"en"},
		"node_count": uint32(len(nodes)), "record_size": uint16(32)})
	name := filepath.Join(t.TempDir(), "places.mmdb")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// put adds a network. One of IPv4 stands at ::/96.
func (tr *tree) put(network netip.Prefix, data int) {
	address, bits := network.Addr().As16(), network.Bits()
	if network.Addr().Is4() {
		v4 := network.Addr().As4()
		address = [16]byte{}
		copy(address[12:], v4[:])
		bits += 96
	}
	at := 0
	for i := range bits {
		bit := address[i/8] >> (7 - i%8) & 1
		r := &(*tr)[at][bit]
		if i == bits-1 {
			r.data = data
			return
		}
		if r.node == 0 {
			r.node = len(*tr)
			*tr = append(*tr, [2]record{})
		}
		at = (*tr)[at][bit].node
	}
}

func (tr tree) encode(out *bytes.Buffer, offsets []int) {
	for _, node := range tr {
		for _, r := range node {
			value := len(tr) // nothing there
			switch {
			case r.data > 0:
				value = len(tr) + 16 + offsets[r.data-1]
			case r.node > 0:
				value = r.node
			}
			out.Write(binary.BigEndian.AppendUint32(nil, uint32(value)))
		}
	}
}

// control writes the type and the size of a value, which is below 285.
func control(out *bytes.Buffer, kind, size int) {
	head := []byte{byte(kind << 5)}
	if kind > 7 {
		head = []byte{0, byte(kind - 7)}
	}
	if size < 29 {
		head[0] |= byte(size)
	} else {
		head[0] |= 29
		head = append(head, byte(size-29))
	}
	out.Write(head)
}

func encode(out *bytes.Buffer, v any) {
	switch v := v.(type) {
	case string:
		control(out, typeString, len(v))
		out.WriteString(v)
	case float64:
		control(out, typeDouble, 8)
		out.Write(binary.BigEndian.AppendUint64(nil, math.Float64bits(v)))
	case uint16:
		control(out, typeUint16, 2)
		out.Write(binary.BigEndian.AppendUint16(nil, v))
	case uint32:
		control(out, typeUint32, 4)
		out.Write(binary.BigEndian.AppendUint32(nil, v))
	case uint64:
		control(out, typeUint64, 8)
		out.Write(binary.BigEndian.AppendUint64(nil, v))
	case []any:
		control(out, typeArray, len(v))
		for _, item := range v {
			encode(out, item)
		}
	case map[string]any:
		control(out, typeMap, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			encode(out, key)
			encode(out, v[key])
		}
	default:
		panic("geoiptest: a value that cannot be written")
	}
}
