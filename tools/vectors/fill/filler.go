// Fills objects with random values. Of the program that uses it are `base`, the scheme, and `texts`, the words for strings.
package main

import (
	"fmt"
	"math/rand"
	"reflect"
	"sort"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// kinds are all that are stored, in every version but the internal one.
func kinds() []schema.GroupVersionKind {
	var found []schema.GroupVersionKind
	for gvk, t := range base.AllKnownTypes() {
		meta, ok := t.FieldByName("ObjectMeta")
		if ok && meta.Anonymous && gvk.Version != runtime.APIVersionInternal {
			found = append(found, gvk)
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].String() < found[j].String() })
	return found
}

// filler makes random values; a dirty one also what cannot be written back: broken UTF-8, null for absent JSON.
// Of a filler of sparseness 0, a third of all pointers, lists and maps stay nil, a third of all scalars zero; of 1, two.
type filler struct {
	*rand.Rand
	dirty  bool
	sparse int
}

func (f filler) nothing() bool {
	return f.Intn(3) <= f.sparse
}

// fill writes random values.
func (f filler) fill(v reflect.Value, depth int) {
	if f.special(v, depth) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !f.nothing() && depth < 12 {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem(), depth+1)
			if zero, ok := v.Interface().(interface{ IsZero() bool }); ok && zero.IsZero() && !f.dirty {
				v.SetZero() // a pointer to the zero time is null in JSON, as no pointer is
			}
		}
	case reflect.Struct:
		for i := 0; i < v.NumField(); i++ {
			if v.Type().Field(i).PkgPath == "" && v.Type().Field(i).Name != "TypeMeta" {
				f.fill(v.Field(i), depth+1)
			}
		}
	case reflect.Slice:
		f.slice(v, depth)
	case reflect.Map:
		f.mapping(v, depth)
	default:
		f.scalar(v)
	}
}

func (f filler) slice(v reflect.Value, depth int) {
	if f.nothing() || depth > 10 {
		return
	}
	n := f.Intn(3)
	if v.Type().Elem().Kind() == reflect.Uint8 {
		n = f.Intn(40)
	}
	v.Set(reflect.MakeSlice(v.Type(), n, n))
	for i := 0; i < n; i++ {
		f.fill(v.Index(i), depth+1)
	}
}

func (f filler) mapping(v reflect.Value, depth int) {
	if f.nothing() || depth > 10 {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for n := f.Intn(4); n > 0; n-- {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		key.SetString(f.text())
		f.fill(value, depth+1)
		if value.Kind() == reflect.Slice && value.IsNil() && !f.dirty {
			value.Set(reflect.MakeSlice(value.Type(), 0, 0)) // read back, nil is empty
		}
		v.SetMapIndex(key, value)
	}
}

func (f filler) scalar(v reflect.Value) {
	if f.nothing() {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(f.Intn(2) == 0)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(f.Uint64()) >> f.Intn(64))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(f.Uint64() >> f.Intn(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat([]float64{1, 0.5, -3, 1e20, 1e21, 1.5e-7, 123456789, f.NormFloat64()}[f.Intn(8)])
	}
}

// special fills the types whose JSON form is their own.
func (f filler) special(v reflect.Value, depth int) bool {
	switch x := v.Addr().Interface().(type) {
	case *metav1.Time:
		if f.Intn(4) > 0 {
			*x = metav1.Time{Time: f.time(0)}
		}
	case *metav1.MicroTime:
		if f.Intn(4) > 0 {
			*x = metav1.MicroTime{Time: f.time(f.Intn(1e9))}
		}
	case *metav1.Duration:
		x.Duration = time.Duration(int64(f.Uint64()) >> f.Intn(64))
	case *resource.Quantity:
		if f.Intn(4) > 0 {
			units := []string{"", "m", "Ki", "Mi", "Gi", "k", "M", "n", "u", "e3", ".5Gi"}
			*x = resource.MustParse(strconv.Itoa(f.Intn(20000)-100) + units[f.Intn(len(units))])
		}
	case *intstr.IntOrString:
		*x = intstr.FromString(f.text())
		if f.Intn(2) == 0 {
			*x = intstr.IntOrString{Type: intstr.Int, IntVal: int32(f.Uint32())}
		}
	case *metav1.FieldsV1:
		x.Raw = f.json()
	case *runtime.RawExtension:
		x.Raw = f.json()
	default:
		return f.choice(v, depth)
	}
	return true
}

// choice fills the types of apiextensions that are one of several things in JSON.
func (f filler) choice(v reflect.Value, depth int) bool {
	name := v.Type().Name()
	if name == "JSON" && strings.Contains(v.Type().PkgPath(), "apiextensions") {
		v.FieldByName("Raw").SetBytes(f.json())
		return true
	}
	if !strings.HasPrefix(name, "JSONSchemaPropsOr") {
		return false
	}
	first := f.Intn(2) == 0
	if schema := v.FieldByName("Schema"); first || !schema.IsValid() {
		schema.Set(reflect.New(schema.Type().Elem()))
		f.schema(schema.Elem(), depth)
	}
	if allows := v.FieldByName("Allows"); allows.IsValid() {
		allows.SetBool(first || f.Intn(2) == 0)
	} else if !first && v.FieldByName("JSONSchemas").IsValid() {
		list := v.FieldByName("JSONSchemas")
		list.Set(reflect.MakeSlice(list.Type(), 2, 2))
		f.schema(list.Index(0), depth)
		f.schema(list.Index(1), depth)
	} else if !first {
		v.FieldByName("Property").Set(reflect.ValueOf([]string{f.text(), f.text()}))
	}
	return true
}

// schema ends the recursion of JSONSchemaProps: a deep one stays empty.
func (f filler) schema(v reflect.Value, depth int) {
	if depth < 7 {
		f.fill(v, depth+2)
	}
}

func (f filler) time(nanos int) time.Time {
	switch f.Intn(12) {
	case 0:
		return time.Unix(0, int64(nanos))
	case 1:
		return time.Unix(-62135596800+int64(f.Intn(1e9)), int64(nanos))
	case 2:
		return time.Unix(253402300799, int64(nanos))
	}
	return time.Unix(f.Int63n(4e9), int64(nanos))
}

func (f filler) json() []byte {
	values := []string{
		`{}`, `{"f:metadata":{"f:labels":{".":{},"f:app":{}}}}`, `[1,2.5,"x",null,true]`, `"text"`, `{"a":{"b":[{}]}}`,
		`1`, `-0.25`, `{"k:{\"name\":\"c\"}":{".":{}}}`,
	}
	if f.dirty {
		values = append(values, "null", "1e2", " { } ")
	}
	return []byte(values[f.Intn(len(values))])
}

func (f filler) text() string {
	n := len(texts)
	if !f.dirty {
		n--
	}
	if f.Intn(3) == 0 {
		return fmt.Sprintf("%s-%d", texts[f.Intn(n)], f.Intn(1000))
	}
	return texts[f.Intn(n)]
}
