// Package openapi stands in for Kubernetes' generated one of this name, which the published modules of 1.20 to 1.23
// lack: every type is named and none described, which is enough for the API server to start and to store objects. The
// fields that it lists in managedFields are told by the objects then, not by their schemas.
package openapi

import (
	"reflect"

	extensions "k8s.io/apiextensions-apiserver/pkg/apiserver"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/version"
	aggregator "k8s.io/kube-aggregator/pkg/apiserver/scheme"
	"k8s.io/kube-openapi/pkg/common"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

var unregistered = []interface{}{
	metav1.APIGroup{}, metav1.APIGroupList{}, metav1.APIResourceList{}, metav1.APIVersions{}, metav1.Patch{}, version.Info{},
}

// GetOpenAPIDefinitions has an empty definition of each type that the API server may ask for.
func GetOpenAPIDefinitions(common.ReferenceCallback) map[string]common.OpenAPIDefinition {
	definitions := map[string]common.OpenAPIDefinition{}
	add := func(of reflect.Type) { definitions[of.PkgPath()+"."+of.Name()] = common.OpenAPIDefinition{} }
	for _, scheme := range []*runtime.Scheme{legacyscheme.Scheme, extensions.Scheme, aggregator.Scheme} {
		for _, of := range scheme.AllKnownTypes() {
			add(of)
		}
	}
	for _, value := range unregistered {
		add(reflect.TypeOf(value))
	}
	return definitions
}
