package sigv4

import "sync"

// keysPerGeneration bounds the cache to twice as many keys, about 1 MB.
const keysPerGeneration = 2048

// A KeyCache keeps derived signing keys, each of which costs four HMACs, or a
// multiplication on a curve. It
// forgets the keys that were not used for a while: when the young generation is
// full it becomes the old one, and the old one goes. The zero value is ready;
// it is safe for concurrent use.
type KeyCache struct {
	mu         sync.Mutex
	young, old map[keyID][]byte
}

// A keyID names a derived key by the secret itself: a changed secret is another
// key, so that nothing has to be invalidated. Keys of SigV4A have an access key
// and neither date, region nor service.
type keyID struct{ secret, date, region, service, accessKey string }

func (c *KeyCache) get(id keyID) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.young[id]; ok {
		return k
	}
	k, ok := c.old[id]
	if !ok {
		k = derive(id)
	}
	if c.young == nil || len(c.young) >= keysPerGeneration {
		c.old, c.young = c.young, make(map[keyID][]byte)
	}
	c.young[id] = k
	return k
}

// derive computes a signing key (IAM user guide, "Calculate the signature").
func derive(id keyID) []byte {
	if id.accessKey != "" {
		return deriveWide(id.accessKey, id.secret)
	}
	k := mac([]byte("AWS4"+id.secret), []byte(id.date))
	k = mac(k, []byte(id.region))
	k = mac(k, []byte(id.service))
	return mac(k, []byte(terminator))
}
