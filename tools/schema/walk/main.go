// Prints, as JSON, what one release of Kubernetes' Go types say about their wire and JSON forms.
//
// It walks the scheme that extra.go makes (client-go's, and types that are outside of it) by reflection. Of the
// protobuf tag only the number is trusted: the Go type decides the rest (docs/schema.md).
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Field is one struct field: number 0 means that it is not on the wire.
type Field struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	Go     string `json:"go"`
	Type   string `json:"type"`
	Flags  string `json:"flags"` // o omitempty, z omitzero, i inline
}

// Struct is one message. Custom says that its JSON form is its own; List that it is a list with a message around.
type Struct struct {
	Fields []Field `json:"fields"`
	Custom bool    `json:"custom"`
	List   bool    `json:"list"`
	IsZero bool    `json:"isZero"`
}

// Schema is everything one release says.
type Schema struct {
	Kinds   map[string]string `json:"kinds"` // "apps/v1 Deployment" -> struct
	Structs map[string]Struct `json:"structs"`
}

type unmarshaler interface{ Unmarshal([]byte) error }
type zeroer interface{ IsZero() bool }

var (
	unmarshalerType = reflect.TypeOf((*unmarshaler)(nil)).Elem()
	zeroerType      = reflect.TypeOf((*zeroer)(nil)).Elem()
	marshalerType   = reflect.TypeOf((*json.Marshaler)(nil)).Elem()
	schema          = Schema{Kinds: map[string]string{}, Structs: map[string]Struct{}}
)

func main() {
	for _, add := range extraSchemes {
		if err := add(base); err != nil {
			panic(err)
		}
	}
	walkKinds(base)
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(schema); err != nil {
		panic(err)
	}
}

func walkKinds(s *runtime.Scheme) {
	for gvk, t := range s.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || !stored(t) {
			continue
		}
		schema.Kinds[gvk.GroupVersion().String()+" "+gvk.Kind] = walk(t)
	}
}

// stored: etcd holds only what has ObjectMeta.
func stored(t reflect.Type) bool {
	meta, found := t.FieldByName("ObjectMeta")
	return found && meta.Anonymous
}

func id(t reflect.Type) string {
	path := strings.TrimPrefix(strings.TrimPrefix(t.PkgPath(), "k8s.io/api/"), "k8s.io/")
	path = strings.Replace(path, "apimachinery/pkg/", "", 1)
	return path + "." + t.Name()
}

func walk(t reflect.Type) string {
	name := id(t)
	if _, done := schema.Structs[name]; done {
		return name
	}
	result := Struct{Custom: implements(t, marshalerType), IsZero: implements(t, zeroerType)}
	schema.Structs[name] = result
	if t.Kind() != reflect.Struct {
		result.List = true
		result.Fields = []Field{{Number: 1, Name: "items", Go: "Items", Type: plain(t)}}
	} else {
		for i := 0; i < t.NumField(); i++ {
			if field, wanted := describe(t.Field(i)); wanted {
				result.Fields = append(result.Fields, field)
			}
		}
	}
	schema.Structs[name] = result
	return name
}

func implements(t, what reflect.Type) bool {
	return t.Implements(what) || reflect.PointerTo(t).Implements(what)
}

func describe(f reflect.StructField) (Field, bool) {
	if f.PkgPath != "" && !f.Anonymous {
		return Field{}, false
	}
	number := 0
	if parts := strings.Split(f.Tag.Get("protobuf"), ","); len(parts) > 1 {
		number, _ = strconv.Atoi(parts[1])
	}
	if number == 0 {
		return Field{}, false
	}
	options := strings.Split(f.Tag.Get("json"), ",")
	flags := ""
	for _, option := range options[1:] {
		switch option {
		case "omitempty":
			flags += "o"
		case "omitzero":
			flags += "z"
		case "inline":
			flags += "i"
		}
	}
	name := options[0]
	if name == "" && !(f.Anonymous && strings.Contains(flags, "i")) && !f.Anonymous {
		name = f.Name
	}
	if name == "" && !strings.Contains(flags, "i") {
		flags += "i"
	}
	return Field{Number: number, Name: name, Go: f.Name, Type: code(f.Type), Flags: flags}, true
}

// code: * pointer, [] list, {key} map, M message; b i l u U s y d f for scalars.
func code(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		return "*" + code(t.Elem())
	}
	if t.Kind() == reflect.Struct || reflect.PointerTo(t).Implements(unmarshalerType) {
		return "M" + walk(t)
	}
	return plain(t)
}

func plain(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return "y"
		}
		return "[]" + code(t.Elem())
	case reflect.Map:
		return "{" + code(t.Key()) + "}" + code(t.Elem())
	}
	if c, ok := scalars[t.Kind()]; ok {
		return c
	}
	panic(fmt.Sprintf("no wire form is known for %v", t))
}

var scalars = map[reflect.Kind]string{
	reflect.Bool: "b", reflect.Int32: "i", reflect.Int64: "l", reflect.Int: "l", reflect.Uint32: "u",
	reflect.Uint64: "U", reflect.String: "s", reflect.Float64: "d", reflect.Float32: "f",
}
