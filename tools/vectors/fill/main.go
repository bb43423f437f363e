// Prints, one JSON line each, every stored kind of one release filled with random values: as protobuf, exactly as the
// API server would put it into etcd, and as the JSON that it would serve after reading that back.
//
// Usage: fill SEED ROUNDS
package main

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"os"
	"reflect"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
)

type vector struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Value      []byte `json:"value"`
	Object     string `json:"object"`
}

func main() {
	for _, add := range extraSchemes {
		must(add(base))
	}
	seed, err := strconv.ParseInt(os.Args[1], 10, 64)
	must(err)
	rounds, err := strconv.Atoi(os.Args[2])
	must(err)
	out := json.NewEncoder(os.Stdout)
	for i, gvk := range kinds() {
		for round := 0; round < rounds; round++ {
			f := filler{rand.New(rand.NewSource(seed + int64(i)*1000 + int64(round))), round%3 == 2, 0}
			must(out.Encode(f.vector(gvk)))
		}
	}
}

func (f filler) vector(gvk schema.GroupVersionKind) vector {
	obj, err := base.New(gvk)
	must(err)
	f.fill(reflect.ValueOf(obj).Elem(), 0)
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	obj.(metav1.Object).SetResourceVersion("") // etcd holds none
	var stored bytes.Buffer
	serializer := protobuf.NewSerializer(base, base)
	must(serializer.Encode(obj, &stored))
	read, _, err := serializer.Decode(stored.Bytes(), &gvk, nil)
	must(err)
	read.GetObjectKind().SetGroupVersionKind(gvk)
	text, err := json.Marshal(read)
	must(err)
	return vector{gvk.GroupVersion().String(), gvk.Kind, stored.Bytes(), string(text)}
}

var texts = []string{
	"a", "name", "kube-system", "10.0.0.1", "", "true", "0x10", "ünïcode ☂", "😀", "a b", "<&>", "line\nfeed", "tab\t",
	"quote\"s", "back\\slash", "\u2028", "example.org/x", "1e3", "\x00\x01\x7f", "bad\xffutf8\xc3",
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
