// Prints, one JSON line each, objects and their rows as the API server of one release makes them: every stored kind
// filled with random values, and the objects of standard input, one JSON object a line.
//
// Usage: print SEED ROUNDS < OBJECTS
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	"k8s.io/kubernetes/pkg/printers"
	"k8s.io/kubernetes/pkg/printers/internalversion"
)

type printed struct {
	Now     time.Time                      `json:"now"`
	Object  json.RawMessage                `json:"object"`
	Columns []metav1.TableColumnDefinition `json:"columns,omitempty"`
	Cells   []interface{}                  `json:"cells,omitempty"`
	Error   string                         `json:"error,omitempty"`
}

var (
	base  = legacyscheme.Scheme
	table = printers.NewTableGenerator().With(internalversion.AddHandlers)
	out   = json.NewEncoder(os.Stdout)
)

func main() {
	out.SetEscapeHTML(false)
	seed, err := strconv.ParseInt(os.Args[1], 10, 64)
	must(err)
	rounds, err := strconv.Atoi(os.Args[2])
	must(err)
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	for in.Scan() {
		if obj, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(in.Bytes(), nil, nil); err == nil {
			show(obj)
		}
	}
	for i, gvk := range kinds() {
		for round := 0; round < rounds; round++ {
			f := filler{rand.New(rand.NewSource(seed + int64(i)*1000 + int64(round))), false, 0}
			obj, err := base.New(gvk)
			must(err)
			f.fill(reflect.ValueOf(obj).Elem(), 0)
			obj.GetObjectKind().SetGroupVersionKind(gvk)
			show(obj)
		}
	}
}

// show prints an object with its defaults, as etcd has it, and its row; a kind without a printer has none.
func show(obj runtime.Object) {
	gvk := obj.GetObjectKind().GroupVersionKind()
	result := printed{Now: time.Now()}
	defer func() {
		if problem := recover(); problem != nil { // a random value that cannot be stored
			return
		}
		must(out.Encode(result))
	}()
	base.Default(obj)
	obj = stored(obj, gvk)
	text, err := json.Marshal(obj)
	must(err)
	result.Object = text
	internal, err := base.ConvertToVersion(obj, schema.GroupVersion{Group: gvk.Group, Version: runtime.APIVersionInternal})
	must(err)
	result.Now = time.Now()
	rows, err := table.GenerateTable(internal, printers.GenerateOptions{Wide: true})
	if err != nil {
		result.Error = err.Error()
		return
	}
	result.Columns = rows.ColumnDefinitions
	for i := range result.Columns {
		result.Columns[i].Description = ""
	}
	result.Cells = rows.Rows[0].Cells
}

// stored is the object after a way through etcd, which knows no difference between an empty list and none.
func stored(obj runtime.Object, gvk schema.GroupVersionKind) runtime.Object {
	serializer := protobuf.NewSerializer(base, base)
	var value bytes.Buffer
	must(serializer.Encode(obj, &value))
	read, _, err := serializer.Decode(value.Bytes(), &gvk, nil)
	must(err)
	read.GetObjectKind().SetGroupVersionKind(gvk)
	return read
}

var texts = []string{
	"a", "name", "10.0.0.1", "", "true", "ünïcode ☂", "a b", "example.org/x", "Running", "Pending", "Succeeded", "Failed",
	"Completed", "NodeLost", "Ready", "True", "False", "Unknown", "PodScheduled", "SchedulingGated", "Initialized",
	"Always", "Error", "Complete", "Suspended", "FailureTarget", "SuccessCriteriaMet", "InternalIP", "ExternalIP", "IPv4",
	"Resource", "External", "Object", "Pods", "ContainerResource", "Utilization", "AverageValue", "Value", "Active",
	"Bound", "Released", "ReadWriteOnce", "ReadOnlyMany", "Filesystem", "Block", "ClusterIP", "NodePort", "LoadBalancer",
	"ExternalName", "None", "TCP", "Approved", "Denied", "Issued", "Canceled", "PodInitializing", "CrashLoopBackOff",
	"In", "Exists", "DoesNotExist", "NotIn", "Dangling", "Limited", "Exempt", "Queue", "ByUser", "Persistent",
	"node-role.kubernetes.io/worker", "kubernetes.io/role", "limits.cpu", "requests.memory", "cpu", "memory", "storage",
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
