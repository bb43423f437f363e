// Prints, one JSON line each, stored objects and what the API server of one release makes of them when it reads:
// decoded, with defaults, by way of the internal version. They are every stored kind filled with random values, half
// of them sparse, and those of standard input: one value a line, as etcd has it, in base64.
//
// Usage: serve SEED ROUNDS < VALUES
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/rand"
	"os"
	"reflect"
	"strconv"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// served has the object in the version that it is stored in, and then in all others of its kind.
type served struct {
	Origin string            `json:"origin"`
	Stored json.RawMessage   `json:"stored"`
	Served []json.RawMessage `json:"served"`
	Error  string            `json:"error,omitempty"`
}

var (
	base = legacyscheme.Scheme
	out  = json.NewEncoder(os.Stdout)
)

func main() {
	apiextensions.Install(base)
	apiregistration.Install(base)
	out.SetEscapeHTML(false)
	seed, err := strconv.ParseInt(os.Args[1], 10, 64)
	must(err)
	rounds, err := strconv.Atoi(os.Args[2])
	must(err)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		value, err := base64.StdEncoding.DecodeString(in.Text())
		must(err)
		if obj, gvk, err := legacyscheme.Codecs.UniversalDeserializer().Decode(value, nil, nil); err == nil {
			show("given", obj, *gvk)
		}
	}
	for i, gvk := range kinds() {
		for round := 0; round < rounds; round++ {
			f := filler{rand.New(rand.NewSource(seed + int64(i)*1000 + int64(round))), false, round % 2}
			obj, err := base.New(gvk)
			must(err)
			f.fill(reflect.ValueOf(obj).Elem(), 0)
			obj.(metav1.Object).SetResourceVersion("") // etcd holds none
			show("random", obj, gvk)
		}
	}
}

func show(origin string, obj runtime.Object, gvk schema.GroupVersionKind) {
	result := served{Origin: origin}
	defer func() {
		if problem := recover(); problem != nil { // a random value that cannot be stored
			return
		}
		must(out.Encode(result))
	}()
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	serializer := protobuf.NewSerializer(base, base)
	var value bytes.Buffer
	must(serializer.Encode(obj, &value))
	read, _, err := serializer.Decode(value.Bytes(), &gvk, nil)
	must(err)
	result.Stored = text(read, gvk)
	internal, _, err := legacyscheme.Codecs.UniversalDecoder().Decode(value.Bytes(), nil, nil)
	if err != nil {
		result.Error = err.Error()
		return
	}
	for _, version := range versions(internal, gvk) {
		converted, err := base.ConvertToVersion(internal.DeepCopyObject(), version)
		if err != nil {
			result.Error = err.Error()
			continue
		}
		result.Served = append(result.Served, text(converted, version.WithKind(gvk.Kind)))
	}
}

// versions are those of the kind in all groups that have it, the one that it is stored in first.
func versions(internal runtime.Object, stored schema.GroupVersionKind) []schema.GroupVersion {
	found := []schema.GroupVersion{stored.GroupVersion()}
	own, _, err := base.ObjectKinds(internal)
	must(err)
	for _, kind := range own {
		for _, version := range base.PrioritizedVersionsForGroup(kind.Group) {
			if version != found[0] && base.Recognizes(version.WithKind(stored.Kind)) {
				found = append(found, version)
			}
		}
	}
	return found
}

func text(obj runtime.Object, gvk schema.GroupVersionKind) json.RawMessage {
	obj.GetObjectKind().SetGroupVersionKind(gvk)
	written, err := json.Marshal(obj)
	must(err)
	return written
}

var texts = []string{
	"a", "name", "10.0.0.1", "fd00::1", "None", "", "true", "ünïcode ☂", "a b", "example.org/x", "Always", "Never", "IfNotPresent",
	"i:latest", "i", "i:1", "i@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "localhost:5000/i",
	"RollingUpdate", "Recreate", "OnDelete", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "TCP", "UDP", "IPv4",
	"Cluster", "Local", "Indexed", "NonIndexed", "Resource", "External", "Object", "Pods", "Utilization", "Service", "Webhook",
	"Opaque", "Limited", "Exempt", "Queue", "Reject", "ServiceAccount", "User", "Group", "cpu", "memory", "storage", "Fail",
	"Container", "Pod", "PersistentVolumeClaim", "v1", "apps/v1", "rbac.authorization.k8s.io", "kubernetes.io/legacy-unknown",
	"kubernetes.io/kube-apiserver-client", "digital signature", "server auth", "client auth", "key encipherment",
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
