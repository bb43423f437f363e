// Copied beside a release's own printers and their tests: writes each object that is printed, one JSON object a line,
// to the file that $CASES names. Objects are as the API server stores them, in the first version of their group that
// has them.
package internalversion

import (
	"encoding/json"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

func record(obj runtime.Object) {
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(obj)
	if err != nil {
		return // of a kind that is printed, and never stored
	}
	kind := kinds[0]
	for _, other := range kinds {
		if kind.Group == "extensions" { // where kinds were before they had a group of their own
			kind = other
		}
	}
	for _, version := range legacyscheme.Scheme.PrioritizedVersionsForGroup(kind.Group) {
		stored, err := legacyscheme.Scheme.ConvertToVersion(obj.DeepCopyObject(), version)
		if err != nil {
			continue
		}
		stored.GetObjectKind().SetGroupVersionKind(version.WithKind(kind.Kind))
		write(stored)
		return
	}
}

func write(obj runtime.Object) {
	text, err := json.Marshal(obj)
	if err != nil {
		panic(err)
	}
	file, err := os.OpenFile(os.Getenv("CASES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	if _, err := file.Write(append(text, '\n')); err != nil {
		panic(err)
	}
}
