// Shared informers of client-go follow etcdview while random changes go through the API server: at the end, the
// informers' stores must hold what the API server lists.
//
//	informers REAL_KUBECONFIG ETCDVIEW_KUBECONFIG CHANGES
//
// After half of the changes it prints "half" and waits for a line: its caller compacts etcd and restarts etcdview.
package main

import (
	"bufio"
	"context"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	namespace = "conformance"
	writers   = 8
	names     = 60 // of each type: few, so that most changes find an object
	patience  = 3 * time.Minute
)

func main() {
	real, ours := config(os.Args[1]), config(os.Args[2])
	changes, err := strconv.Atoi(os.Args[3])
	check(err)
	ctx := context.Background()
	types := listable(ours)
	factory := dynamicinformer.NewDynamicSharedInformerFactory(dynamic.NewForConfigOrDie(ours), 0)
	for _, one := range types {
		factory.ForResource(one).Informer()
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	fmt.Printf("%d informers have synced\n", len(types))

	client := dynamic.NewForConfigOrDie(real)
	_, err = client.Resource(core("namespaces")).Create(ctx, object("v1", "Namespace", "", namespace), metav1.CreateOptions{})
	check(err)
	made := change(ctx, client, changes/2, 1)
	fmt.Println("half")
	bufio.NewReader(os.Stdin).ReadString('\n')
	made += change(ctx, client, changes-changes/2, 2)
	fmt.Printf("%d changes were made\n", made)

	differences, objects := settle(ctx, client, factory, types)
	for _, told := range differences {
		fmt.Println(told)
	}
	fmt.Printf("%d objects of %d types in the informers' stores, %d differ from the API server's\n", objects, len(types), len(differences))
	if len(differences) > 0 {
		os.Exit(1)
	}
}

func config(path string) *rest.Config {
	found, err := clientcmd.BuildConfigFromFlags("", path)
	check(err)
	found.QPS, found.Burst = 1000, 1000
	return found
}

func listable(config *rest.Config) []schema.GroupVersionResource {
	lists, err := discovery.NewDiscoveryClientForConfigOrDie(config).ServerPreferredResources()
	check(err)
	var found []schema.GroupVersionResource
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		check(err)
		for _, resource := range list.APIResources {
			if verbs := strings.Join(resource.Verbs, " "); strings.Contains(verbs, "list") && strings.Contains(verbs, "watch") {
				found = append(found, version.WithResource(resource.Name))
			}
		}
	}
	return found
}

// change makes random changes: objects are created, changed and deleted.
func change(ctx context.Context, client dynamic.Interface, count int, seed int64) int64 {
	var made, next atomic.Int64
	var group sync.WaitGroup
	for writer := range writers {
		group.Add(1)
		go func() {
			defer group.Done()
			random := rand.New(rand.NewSource(seed*100 + int64(writer)))
			for next.Add(1) <= int64(count) {
				for !once(ctx, client, random) {
				}
				made.Add(1)
			}
		}()
	}
	group.Wait()
	return made.Load()
}

// once is true when something was changed.
func once(ctx context.Context, client dynamic.Interface, random *rand.Rand) bool {
	kinds := []struct {
		resource schema.GroupVersionResource
		version  string
		kind     string
	}{
		{core("configmaps"), "v1", "ConfigMap"},
		{core("secrets"), "v1", "Secret"},
		{core("services"), "v1", "Service"},
		{core("pods"), "v1", "Pod"},
		{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, "apps/v1", "Deployment"},
		{schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"}, "coordination.k8s.io/v1", "Lease"},
		{schema.GroupVersionResource{Group: "example.org", Version: "v1", Resource: "backups"}, "example.org/v1", "Backup"},
	}
	one := kinds[random.Intn(len(kinds))]
	name := fmt.Sprintf("c%d", random.Intn(names))
	resource := client.Resource(one.resource).Namespace(namespace)
	switch random.Intn(5) {
	case 0:
		zero := int64(0)
		return fine(resource.Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &zero}))
	case 1, 2:
		patch := fmt.Sprintf(`{"metadata":{"labels":{"turn":"%d"},"annotations":{"n%d":"%s"}}}`, random.Intn(1000), random.Intn(5), strings.Repeat("é<", random.Intn(50)))
		_, err := resource.Patch(ctx, name, "application/merge-patch+json", []byte(patch), metav1.PatchOptions{})
		return fine(err)
	default:
		_, err := resource.Create(ctx, object(one.version, one.kind, namespace, name), metav1.CreateOptions{})
		return fine(err)
	}
}

// fine is false for what another writer was first at; anything else must not happen.
func fine(err error) bool {
	if errors.IsNotFound(err) || errors.IsAlreadyExists(err) || errors.IsConflict(err) {
		return false
	}
	check(err)
	return true
}

func object(version, kind, namespace, name string) *unstructured.Unstructured {
	metadata := map[string]any{"name": name}
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	content := map[string]any{"apiVersion": version, "kind": kind, "metadata": metadata}
	container := map[string]any{"name": "a", "image": "registry.example/a:1"}
	labels := map[string]any{"app": name}
	switch kind {
	case "Pod":
		content["spec"] = map[string]any{"containers": []any{container}, "automountServiceAccountToken": false}
	case "Service":
		content["spec"] = map[string]any{"clusterIP": "None", "ports": []any{map[string]any{"port": int64(80)}}}
	case "Deployment":
		pod := map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": []any{container}}}
		content["spec"] = map[string]any{"selector": map[string]any{"matchLabels": labels}, "template": pod}
	case "ConfigMap":
		content["data"] = map[string]any{"a": "ü", "b": strings.Repeat("x", 200)}
	case "Secret":
		content["stringData"] = map[string]any{"password": name}
	case "Backup":
		content["spec"] = map[string]any{"schedule": "0 3 * * *"}
	}
	return &unstructured.Unstructured{Object: content}
}

// settle waits until the stores are the API server's lists, and says what still differs when patience ends.
func settle(ctx context.Context, client dynamic.Interface, factory dynamicinformer.DynamicSharedInformerFactory, types []schema.GroupVersionResource) ([]string, int) {
	end := time.Now().Add(patience)
	for {
		differences, objects := compare(ctx, client, factory, types)
		if len(differences) == 0 || time.Now().After(end) {
			return differences, objects
		}
		time.Sleep(2 * time.Second)
	}
}

func compare(ctx context.Context, client dynamic.Interface, factory dynamicinformer.DynamicSharedInformerFactory, types []schema.GroupVersionResource) ([]string, int) {
	var differences []string
	objects := 0
	for _, one := range types {
		listed, err := client.Resource(one).List(ctx, metav1.ListOptions{})
		check(err)
		store := factory.ForResource(one).Informer().GetStore()
		held := map[string]*unstructured.Unstructured{}
		for _, item := range store.List() {
			object := item.(*unstructured.Unstructured)
			held[object.GetNamespace()+"/"+object.GetName()] = object
		}
		objects += len(held)
		for i := range listed.Items {
			object := &listed.Items[i]
			key := object.GetNamespace() + "/" + object.GetName()
			if have, ok := held[key]; !ok {
				differences = append(differences, fmt.Sprintf("%s %s is missing", one.Resource, key))
			} else if !reflect.DeepEqual(have.Object, object.Object) {
				differences = append(differences, fmt.Sprintf("%s %s differs", one.Resource, key))
			}
			delete(held, key)
		}
		for key := range held {
			differences = append(differences, fmt.Sprintf("%s %s is still there", one.Resource, key))
		}
	}
	return differences, objects
}

func core(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: resource}
}

func check(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}
