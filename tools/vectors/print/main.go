// Reads JSON objects, one a line, and prints for each how kubectl shows it: {"yaml": ..., "json": ...}, or the error.
package main

import (
	"bufio"
	"encoding/json"
	"os"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

type printed struct {
	YAML  string `json:"yaml,omitempty"`
	JSON  string `json:"json,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<26)
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for in.Scan() {
		if err := out.Encode(show(in.Bytes())); err != nil {
			panic(err)
		}
	}
}

// show does what kubectl get does: unstructured, then sigs.k8s.io/yaml or an indented encoding/json.
func show(line []byte) printed {
	var obj map[string]interface{}
	if err := utiljson.Unmarshal(line, &obj); err != nil {
		return printed{Error: err.Error()}
	}
	text, err := json.MarshalIndent(obj, "", "    ")
	if err != nil {
		return printed{Error: err.Error()}
	}
	result := printed{JSON: string(text) + "\n"}
	if asYAML, err := yaml.Marshal(obj); err != nil {
		result.Error = err.Error()
	} else {
		result.YAML = string(asYAML)
	}
	return result
}
